/**
 * Operations on the table: create, describe and delete it, delete expired items, policies and templates.
 *
 * @module unsession/table
 */

export type {
  SegmentState,
  DynamoDBClearExpiredProgress,
  DynamoDBClearExpiredResult,
  ClearExpiredState,
} from '../../drivers/dynamodb/clear-expired/clear-expired.ts'
export type { ClearExpiredTableOptions } from './clear-expired/clear-expired.ts'
export { clearExpired } from './clear-expired/clear-expired.ts'
export type { ClearExpiredHandler, ClearExpiredOutcome, LambdaContext } from './clear-expired/handler.ts'
export { clearExpiredHandler } from './clear-expired/handler.ts'
export type { IamPolicy, IamPolicyOptions, IamStatement, PolicyPurpose } from './iac/policy.ts'
export { iamPolicy } from './iac/policy.ts'
export type { TableTemplateOptions, TemplateFormat } from './iac/template.ts'
export { tableTemplate } from './iac/template.ts'
export type { CreateTableResult } from './manage/create.ts'
export { createTable } from './manage/create.ts'
export { deleteTable } from './manage/delete.ts'
export type { TableDescription } from './manage/describe.ts'
export { describeTable } from './manage/describe.ts'
export type { Feature } from './manage/features.ts'
export type { Mismatch } from './manage/mismatches.ts'
export type {
  Billing,
  CreateTableOptions,
  DescribeTableOptions,
  ProvisionedUnits,
  TableOptions,
  WaitOptions,
} from './manage/options.ts'
export type { IndexDescription, KeyAttribute, TableState, TimeToLive } from './manage/table-state.ts'
export type { EnableTimeToLiveResult } from './manage/time-to-live.ts'
export { enableTimeToLive } from './manage/time-to-live.ts'
