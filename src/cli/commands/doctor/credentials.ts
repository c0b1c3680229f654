import type { Environment } from '../../../../drivers/dynamodb/lean/settings.ts'

/** Sources of credentials by the variables that name them, in the order in which the AWS SDK tries them. */
const SOURCES: [variables: string[], source: string][] = [
  [['AWS_PROFILE'], 'a profile (AWS_PROFILE)'],
  [['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], 'environment variables (AWS_ACCESS_KEY_ID)'],
  [['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN'], 'a web identity (AWS_WEB_IDENTITY_TOKEN_FILE)'],
  [['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'], 'the container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)'],
  [['AWS_CONTAINER_CREDENTIALS_FULL_URI'], 'the container (AWS_CONTAINER_CREDENTIALS_FULL_URI)'],
]

/** Returns which kind of source the credentials come from. Reads no credential, and returns no value of a variable. */
export function credentialSource(env: Environment): string {
  const found = SOURCES.find(([variables]) => variables.every((name) => env[name]))
  return found?.[1] ?? "the AWS SDK's search: shared files, then the metadata of the machine"
}
