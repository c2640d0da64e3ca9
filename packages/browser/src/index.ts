export {
  BitBucketClient,
  createBitbucketClient,
  type ResourceFailure,
  type ResourceSuccess,
} from "./bitbucket-client.js";
export type { CallbackData } from "./implicit.js";
export type {
  BitbucketClientOptions,
  ClientConfig,
  Page,
  PageHistory,
  PageLocation,
  ValidClientConfig,
} from "./options.js";
export { createPageStorage, type PageStorageOptions } from "./page-storage.js";
export type { Ajax, AjaxOwner, RequestObject, ResourceOptions } from "./resource-request.js";
export { LocalStorage, SessionStorage, type StateStorage } from "./state-storage.js";
