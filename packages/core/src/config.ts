/**
 * The parts of the 2017 interface that few programs need: the functions of a token request, each of which a config may
 * replace, and two grants that Bitbucket no longer serves.
 *
 * `getAccessToken(config)` and `getTokens(config)` are in the main entry. Bitbucket Cloud removed the implicit grant on
 * 2026-02-27 and the password grant before that: `readImplicitCallback()` and `requestPassword()` are for other servers.
 */
export {
  createRequestHandler,
  handleError,
  handleSuccess,
  isSuccess,
  isUnauthorized,
  sendRequest,
  type RequestFunctionOptions,
  type RequestFunctions,
  type ResponseFunctionOptions,
  type TokenHttpResponse,
  type WireBody,
  type WireForm,
} from "./config/request-functions.js";
export {
  readImplicitCallback,
  requestPassword,
  type ReadImplicitCallbackOptions,
  type RequestPasswordOptions,
  type UserPassword,
} from "./config/legacy-grants.js";
