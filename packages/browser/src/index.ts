export type { Ajax, AjaxOwner } from "./ajax.js";
export {
  BitBucketClient,
  createBitbucketClient,
  type ResourceFailure,
  type ResourceSuccess,
} from "./bitbucket-client.js";
export type { BitbucketClientOptions } from "./bitbucket-client-options.js";
export type { CallbackData } from "./callback-data.js";
export type { ClientConfig, ValidClientConfig } from "./client-config.js";
export type { Page, PageHistory, PageLocation } from "./page.js";
export type { RequestObject, ResourceOptions } from "./resource-request.js";
export { LocalStorage, SessionStorage, type StateStorage } from "./state-storage.js";
