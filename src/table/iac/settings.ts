import type { TableSettings } from '../manage/requests.ts'

/** The settings of a table that a template contains. */
export interface TemplateSettings extends TableSettings {
  pointInTimeRecovery: boolean
  /** `aws-owned`, `aws-managed`, or the ARN of a KMS key. */
  encryption: string
}

/** Returns the ARN of the account's own KMS key, if the table uses one. */
export function keyArn({ encryption }: TemplateSettings): string | undefined {
  return encryption.startsWith('arn:') ? encryption : undefined
}
