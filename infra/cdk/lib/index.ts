export * from './acm-dns-validator';
