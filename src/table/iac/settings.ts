import type { TableSettings } from '../manage/requests.ts'

/** What a template describes: what a new table is asked for, and what is set on it after that. */
export interface TemplateSettings extends TableSettings {
  pointInTimeRecovery: boolean
  /** `aws-owned`, `aws-managed`, or the ARN of a key. */
  encryption: string
}

/** The ARN of the key, where there is one of the account's own. */
export function keyArn({ encryption }: TemplateSettings): string | undefined {
  return encryption.startsWith('arn:') ? encryption : undefined
}
