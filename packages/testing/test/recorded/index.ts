export { recordedApiErrors } from "./api-errors.ts";
export { recordedTokenErrors } from "./token-errors.ts";
