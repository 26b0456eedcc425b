export { appToken, type AppTokenOptions } from './app-token.ts'
export * from './batch-add.ts'
export * from './client.ts'
export { DEFAULT_BASE_URL } from './default-base-url.ts'
export { describeIssue } from './describe-issue.ts'
export { failedFetchCode } from './failed-fetch.ts'
export { DEFAULT_TOKEN_PATH, type AppKeys } from './fetch-app-token.ts'
export * from './map-event.ts'
export type { Outcome } from './outcome.ts'
export * from './public-params.ts'
export { sealedKeep, type SealedKeepOptions } from './sealed-keep.ts'
export { fixedSecret, type SecretValue } from './secret-value.ts'
export type { KeptToken, TokenKeep } from './token-keep.ts'
export {
  checkToken,
  fixedToken,
  type TokenAnswer,
  type TokenGrant,
  type TokenSource,
  type TokenTrouble,
  type WatchedTokenSource,
} from './token-source.ts'
