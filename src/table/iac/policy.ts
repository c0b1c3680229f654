import { USER_INDEX } from '../../../drivers/dynamodb/attributes.ts'
import { invalidOption } from '../../../drivers/utils/errors.ts'
import { isObject } from '../manage/options.ts'

/**
 * What a policy is for. `run-time`: an app with sessions. `operator`: to list, show, count and end sessions by hand.
 * `cleanup`: to delete what has expired. `admin`: to create, complete, describe and delete the table.
 */
export type PolicyPurpose = 'run-time' | 'operator' | 'cleanup' | 'admin'

export interface IamPolicyOptions {
  /** What it is to allow, and nothing more. Default `['run-time']`. */
  for?: readonly PolicyPurpose[]
  /** Name of the table, or its ARN. Default `sessions`. */
  table?: string
  /** Region of the table, as `eu-west-1`. Needed unless `table` is an ARN. */
  region?: string
  /** Account of the table, 12 digits. Needed unless `table` is an ARN. */
  account?: string
  /** Whether a user's sessions are listed and revoked by the index `user-index`. Default `false`. */
  userIndex?: boolean
  /** Whether a cleanup deletes on condition, for tables whose keys are reused. Default `false`. */
  conditional?: boolean
}

/** A policy document of IAM. */
export interface IamPolicy {
  Version: '2012-10-17'
  Statement: IamStatement[]
}

export interface IamStatement {
  Sid: string
  Effect: 'Allow'
  Action: string[]
  Resource: string
}

/** Actions on the table, and on the index by user where there is one. */
interface Actions {
  table: readonly string[]
  index?: readonly string[]
}

const ACTIONS: Record<PolicyPurpose, Actions> = {
  'run-time': {
    table: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
    index: ['Query'],
  },
  operator: { table: ['DescribeTable', 'Scan', 'GetItem', 'PutItem', 'DeleteItem'], index: ['Query'] },
  cleanup: { table: ['DescribeTable', 'Scan', 'BatchWriteItem', 'DeleteItem', 'PartiQLDelete'] },
  admin: {
    table: [
      'CreateTable',
      'DescribeTable',
      'UpdateTable',
      'DeleteTable',
      'DescribeTimeToLive',
      'UpdateTimeToLive',
      'DescribeContinuousBackups',
      'UpdateContinuousBackups',
      'ListTagsOfResource',
      'TagResource',
    ],
  },
}

/** Without `BatchWriteItem`, which knows no conditions: single deletes, and many in one request of PartiQL. */
const CONDITIONAL_CLEANUP = ['DescribeTable', 'Scan', 'DeleteItem', 'PartiQLDelete']

export const PURPOSES: readonly PolicyPurpose[] = ['run-time', 'operator', 'cleanup', 'admin']

/** IAM's names of what AWS has in several copies of the world. Source: AWS's reference of ARNs. */
const PARTITIONS: [region: RegExp, partition: string][] = [
  [/^cn-/, 'aws-cn'],
  [/^us-gov-/, 'aws-us-gov'],
  [/^/, 'aws'],
]

/**
 * The least rights for what is asked for, as a policy of IAM for the role of whoever does it.
 *
 * @param options - see {@link IamPolicyOptions}
 * @returns the document; `JSON.stringify` it
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix
 * @example
 * ```ts
 * iamPolicy({ for: ['run-time'], table: 'sessions', region: 'eu-west-1', account: '123456789012', userIndex: true })
 * ```
 */
export function iamPolicy(options: IamPolicyOptions = {}): IamPolicy {
  if (!isObject(options)) throw invalidOption('options', 'must be an object')
  const { for: purposes = ['run-time'], userIndex = false, conditional = false } = options
  if (!Array.isArray(purposes) || purposes.length === 0 || !purposes.every(isPurpose)) {
    throw invalidOption('for', `must be one or more of ${PURPOSES.join(', ')}`)
  }
  const arn = tableArn(options)
  return {
    Version: '2012-10-17',
    Statement: [...new Set(purposes)].flatMap((purpose) => {
      const sid = purpose.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
      const { table, index } = ACTIONS[purpose]
      const actions = purpose === 'cleanup' && conditional ? CONDITIONAL_CLEANUP : table
      const statements = [allow(sid, actions, arn)]
      if (userIndex && index) statements.push(allow(`${sid}Index`, index, `${arn}/index/${USER_INDEX}`))
      return statements
    }),
  }
}

function allow(sid: string, actions: readonly string[], resource: string): IamStatement {
  return {
    Sid: `Sessions${sid}`,
    Effect: 'Allow',
    Action: actions.map((action) => `dynamodb:${action}`),
    Resource: resource,
  }
}

function tableArn({ table = 'sessions', region, account }: IamPolicyOptions): string {
  if (/^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]{3,255}$/.test(table)) return table
  if (!/^[\w.-]{3,255}$/.test(table)) {
    throw invalidOption(
      'table',
      'must be a table name of 3 to 255 letters, digits, `_`, `-` or `.`, or its ARN',
    )
  }
  if (region === undefined || !/^[a-z\d-]+$/.test(region)) {
    throw invalidOption('region', 'must be a region, as `eu-west-1`, unless `table` is an ARN')
  }
  if (account === undefined || !/^\d{12}$/.test(account)) {
    throw invalidOption('account', 'must be the 12 digits of the account, unless `table` is an ARN')
  }
  const partition = PARTITIONS.find(([pattern]) => pattern.test(region))?.[1]
  return `arn:${partition}:dynamodb:${region}:${account}:table/${table}`
}

function isPurpose(value: unknown): value is PolicyPurpose {
  return PURPOSES.some((purpose) => purpose === value)
}
