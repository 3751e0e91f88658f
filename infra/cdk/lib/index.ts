export * from './acm-dns-validator';
export type { AcmDnsValidatorProps, OrganizationQueueOptions, RequiredTag } from './props';
