/** The public API of spoold: names listed by hand, nothing else is promised. */
export { type ErrorCode, type SerializedError, SpooldError } from "./errors.ts";
export type { AutostartOptions } from "./spool/autostart.ts";
export type { SpoolEvent, SpoolEvents, WatchOptions } from "./spool/events.ts";
export type { ExpectedOutput } from "./spool/expected.ts";
export type { State } from "./spool/layout.ts";
export type { Listed } from "./spool/list.ts";
export type { MoveResult } from "./spool/moves.ts";
export {
  type EnqueueOptions,
  enqueue,
  type NewTask,
  openSpool,
  type RecipeOrder,
  renderToTask,
  type Spool,
  type Ticket,
} from "./spool/spool.ts";
export type { Fault } from "./task/faults.ts";
export type { RecipeTask } from "./task/order.ts";
export type { OutputFile, Reason, Receipt, SourceFile, SrcSets, TileFacts } from "./task/outcome.ts";
export type { Format, Output, Task } from "./task/task.ts";
export { type SpoolMiddleware, type SpoolMiddlewareOptions, spoolMiddleware } from "./web/middleware.ts";
export type { GivenTask, Handler, HandlerContext } from "./worker/handlers/contract.ts";
