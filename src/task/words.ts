/** Which words may name a thing. Apart from the schema, which takes time to load. */

export const BATCH_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const HANDLER_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Whether a batch may have this name: then it is also a safe name of a directory. */
export function isBatchName(name: string): boolean {
  return BATCH_NAME.test(name);
}

/** Whether a text may be the name of a handler. */
export function isHandlerName(text: string): boolean {
  return HANDLER_NAME.test(text);
}
