import { USER_INDEX } from '../../../drivers/dynamodb/config/attributes.ts'
import { type Rules, checkOptions, isBoolean } from '../../../drivers/utils/validate.ts'
import { invalidOption } from '../../../drivers/utils/errors.ts'
import { checkIsObject } from '../manage/options.ts'

/**
 * The work that a policy allows.
 *
 * - `run-time`: an app that uses sessions
 * - `operator`: the commands `list`, `show`, `stats` and `destroy`
 * - `clear-expired`: deleting expired items
 * - `admin`: creating, changing, describing and deleting the table
 */
export type PolicyPurpose = 'run-time' | 'operator' | 'clear-expired' | 'admin'

/** Options of {@link iamPolicy}. */
export interface IamPolicyOptions {
  /** The work to allow. Default `['run-time']`. */
  for?: readonly PolicyPurpose[]
  /** Name of the table, or its ARN. Default `sessions`. */
  table?: string
  /** Region of the table, for example `eu-west-1`. Required unless `table` is an ARN. */
  region?: string
  /** AWS account of the table, 12 digits. Required unless `table` is an ARN. */
  account?: string
  /**
   * Whether the table has the index `user-index`. Default `true`. Without it, listing or signing out a user reads the whole
   * table, so `run-time` then contains `dynamodb:Scan`.
   */
  userIndex?: boolean
  /** Whether `clear-expired` runs with `conditional`, which tables with reused keys need. Default `false`. */
  conditional?: boolean
}

/** A policy document of AWS IAM. */
export interface IamPolicy {
  /** Version of the policy language. */
  Version: '2012-10-17'
  /** Statements of the policy. */
  Statement: IamStatement[]
}

/** One statement of a policy: the allowed actions on one resource. */
export interface IamStatement {
  /** Name of the statement, such as `SessionsRunTime`. */
  Sid: string
  /** The statement allows its actions. */
  Effect: 'Allow'
  /** IAM actions, such as `dynamodb:GetItem`. */
  Action: string[]
  /** ARN of the table or of its index. */
  Resource: string
}

/** IAM actions on the table, and on its index `user-index`. */
interface Actions {
  table: readonly string[]
  /**
   * Also needed if the table has no such index. The driver detects a missing index by the error of a query, and without this
   * action the query is denied instead.
   */
  index?: readonly string[]
}

const ACTIONS: Record<PolicyPurpose, Actions> = {
  'run-time': {
    table: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
    index: ['Query'],
  },
  operator: {
    table: ['DescribeTable', 'Scan', 'GetItem', 'BatchGetItem', 'UpdateItem', 'DeleteItem'],
    index: ['Query'],
  },
  'clear-expired': { table: ['DescribeTable', 'Scan', 'BatchWriteItem', 'DeleteItem', 'PartiQLDelete'] },
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

/** Actions of conditional deletes. BatchWriteItem has no conditions. PartiQL sends many conditional deletes in one request. */
const CONDITIONAL_CLEAR_EXPIRED = ['DescribeTable', 'Scan', 'DeleteItem', 'PartiQLDelete']

/** Every {@link PolicyPurpose}. */
export const PURPOSES: readonly PolicyPurpose[] = ['run-time', 'operator', 'clear-expired', 'admin']

/** Partition in the ARNs of a region. Source: AWS IAM user guide, "Identify AWS resources with ARNs". */
const PARTITIONS: [region: RegExp, partition: string][] = [
  [/^cn-/, 'aws-cn'],
  [/^us-gov-/, 'aws-us-gov'],
  [/^/, 'aws'],
]

const RULES: Rules<IamPolicyOptions> = {
  for: [
    (value) => Array.isArray(value) && value.length > 0 && value.every(isPurpose),
    `must be one or more of ${PURPOSES.join(', ')}`,
  ],
  table: [
    (value) => typeof value === 'string' && (isName(value) || isArn(value)),
    'must be a table name of 3 to 255 letters, digits, `_`, `-` or `.`, or its ARN',
  ],
  region: [
    (value) => typeof value === 'string' && /^[a-z\d-]+$/.test(value),
    'must be a region, for example `eu-west-1`',
  ],
  account: [
    (value) => typeof value === 'string' && /^\d{12}$/.test(value),
    'must be the 12 digits of the account',
  ],
  userIndex: [isBoolean, 'must be true or false'],
  conditional: [isBoolean, 'must be true or false'],
}

/**
 * Returns an IAM policy with the minimum of actions for the given work. Sends no request.
 *
 * A table that is encrypted with your own KMS key also needs actions on that key.
 *
 * @param options - see {@link IamPolicyOptions}
 * @returns the policy document; `JSON.stringify` it
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix
 * @example
 * ```ts
 * iamPolicy({ for: ['run-time', 'clear-expired'], table: 'sessions', region: 'eu-west-1', account: '123456789012' })
 * ```
 */
export function iamPolicy(options: IamPolicyOptions = {}): IamPolicy {
  checkIsObject(options)
  checkOptions(options, RULES)
  const { for: purposes = ['run-time'] } = options
  const arn = tableArn(options)
  return {
    Version: '2012-10-17',
    Statement: [...new Set(purposes)].flatMap((purpose) => {
      const sid = purpose.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
      const { index } = ACTIONS[purpose]
      const statements = [allow(sid, tableActions(purpose, options), arn)]
      if (index) statements.push(allow(`${sid}Index`, index, `${arn}/index/${USER_INDEX}`))
      return statements
    }),
  }
}

function tableActions(
  purpose: PolicyPurpose,
  { userIndex = true, conditional = false }: IamPolicyOptions,
): readonly string[] {
  const { table } = ACTIONS[purpose]
  if (purpose === 'run-time' && !userIndex) return [...table, 'Scan']
  return purpose === 'clear-expired' && conditional ? CONDITIONAL_CLEAR_EXPIRED : table
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
  if (isArn(table)) return table
  if (region === undefined) throw invalidOption('region', 'must be given, unless `table` is an ARN')
  if (account === undefined) throw invalidOption('account', 'must be given, unless `table` is an ARN')
  const partition = PARTITIONS.find(([pattern]) => pattern.test(region))?.[1]
  return `arn:${partition}:dynamodb:${region}:${account}:table/${table}`
}

function isName(value: string): boolean {
  return /^[\w.-]{3,255}$/.test(value)
}

function isArn(value: string): boolean {
  return /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]{3,255}$/.test(value)
}

function isPurpose(value: unknown): value is PolicyPurpose {
  return PURPOSES.some((purpose) => purpose === value)
}
