export * from './acm-dns-validator';
export * from './dns-account';
export * from './member-account';
export * from './region-forwarder';
export type { AcmDnsValidatorProps, OrganizationQueueOptions, RequiredTag } from './props';
