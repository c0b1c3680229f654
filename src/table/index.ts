export type {
  SegmentState,
  SweepOptions,
  SweepProgress,
  SweepResult,
  SweepState,
  SweepTarget,
} from '../../drivers/dynamodb/sweep/sweep.ts'
export type { ClearExpiredOptions } from './clear-expired.ts'
export { clearExpired } from './clear-expired.ts'
export type { ClearExpiredHandler, ClearExpiredOutcome, LambdaContext } from './clear-expired-handler.ts'
export { clearExpiredHandler } from './clear-expired-handler.ts'
export type { CreateTableResult } from './create.ts'
export { createTable } from './create.ts'
export { deleteTable } from './delete.ts'
export type { TableDescription } from './describe.ts'
export { describeTable } from './describe.ts'
export type { IndexDescription, KeyAttribute, TimeToLive } from './description.ts'
export type { Feature } from './complete.ts'
export type { Mismatch } from './mismatches.ts'
export type {
  Billing,
  CreateTableOptions,
  DescribeTableOptions,
  ProvisionedUnits,
  TableOptions,
  WaitOptions,
} from './options.ts'
export type { IamPolicy, IamPolicyOptions, IamStatement, PolicyPurpose } from './policy.ts'
export { iamPolicy } from './policy.ts'
export type { TableTemplateOptions, TemplateFormat } from './template.ts'
export { tableTemplate } from './template.ts'
export type { EnableTimeToLiveResult } from './time-to-live.ts'
export { enableTimeToLive } from './time-to-live.ts'
