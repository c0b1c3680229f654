/**
 * An embedded DynamoDB for tests, and the conformance suite for session stores.
 *
 * @module unsession/testing
 */

export type { SessionStoreBackend, StoreTestOptions, TestHarness } from './conformance.ts'
export { testSessionStore } from './conformance.ts'
export type { LocalDynamoDB, LocalDynamoDBOptions } from './dynamodb.ts'
export { startDynamoDB } from './dynamodb.ts'
export type { ConditionalDriverBackend } from './driver-conformance.ts'
export { testConditionalDriver } from './driver-conformance.ts'
