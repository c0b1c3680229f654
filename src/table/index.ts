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
export type { EnableTimeToLiveResult } from './time-to-live.ts'
export { enableTimeToLive } from './time-to-live.ts'
