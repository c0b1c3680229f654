import { jsonAnswer } from './faults.ts'
import type { Call, Fault } from './proxy.ts'

const DYNAMODB = 'com.amazonaws.dynamodb.v20120810'

/** An error answer with `__type` and message as given. */
export function awsError(status: number, type: string, message: string): Fault {
  return (exchange) => exchange.reply(jsonAnswer(status, { __type: type, message }))
}

export const internalServerError: Fault = awsError(
  500,
  `${DYNAMODB}#InternalServerError`,
  'The request processing has failed because of an unknown error, exception or failure.',
)

export const serviceUnavailable: Fault = awsError(
  503,
  `${DYNAMODB}#ServiceUnavailable`,
  'DynamoDB is currently unavailable. Try again later.',
)

export const provisionedThroughputExceeded: Fault = awsError(
  400,
  `${DYNAMODB}#ProvisionedThroughputExceededException`,
  'The level of configured provisioned throughput for the table was exceeded. Consider increasing your ' +
    'provisioning level with the UpdateTable API.',
)

export const throttling: Fault = awsError(
  400,
  'com.amazon.coral.availability#ThrottlingException',
  'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table ' +
    'or index so please try again shortly.',
)

export const requestLimitExceeded: Fault = awsError(
  400,
  `${DYNAMODB}#RequestLimitExceeded`,
  'Throughput exceeds the current throughput limit for your account. Please contact AWS Support at ' +
    'https://aws.amazon.com/support request a limit increase.',
)

export const unrecognizedClient: Fault = awsError(
  400,
  'com.amazon.coral.service#UnrecognizedClientException',
  'The security token included in the request is invalid.',
)

export const expiredToken: Fault = awsError(
  400,
  'com.amazon.coral.service#ExpiredTokenException',
  'The security token included in the request is expired',
)

export const resourceNotFound: Fault = awsError(
  400,
  `${DYNAMODB}#ResourceNotFoundException`,
  'Requested resource not found',
)

export function validation(message: string): Fault {
  return awsError(400, 'com.amazon.coral.validate#ValidationException', message)
}

/** Denies the call's own action on its own table. AWS spells this one error's `Message` with a capital. */
export const accessDenied: Fault = (exchange) => {
  const action = `dynamodb:${exchange.call.operation}`
  const message =
    `User: arn:aws:sts::123456789012:assumed-role/app/i-0123456789abcdef0 is not authorized to perform: ${action} ` +
    `on resource: arn:aws:dynamodb:us-east-1:123456789012:table/${tableOf(exchange.call)} because no identity-based ` +
    `policy allows the ${action} action`
  const type = 'com.amazon.coral.service#AccessDeniedException'
  exchange.reply(jsonAnswer(400, { __type: type, Message: message }))
}

function tableOf({ body }: Call): string {
  return String(body.TableName ?? Object.keys(body.RequestItems ?? {})[0])
}
