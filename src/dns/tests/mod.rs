mod fake;
mod hostile;
mod lookups;
mod network;
mod tries;
