import type { NewHandlerTask } from "../../../src/spool/spool.ts";
import { endPlayers, type Message, startPlayer } from "../players.ts";

/** A process that enqueues tasks under the clock that jumps. */
export interface Producer {
  /** Enqueues a task that does nothing, unless it says more. Resolves when it is done, as that process has seen it. */
  ask(summary: string, more?: Partial<NewHandlerTask>): Promise<void>;
  end(): Promise<void>;
}

/** @param program that of `citizen.ts` */
export async function startProducer(program: string, spool: string, env: NodeJS.ProcessEnv): Promise<Producer> {
  const player = startPlayer(program, [spool, "enqueue"], env);
  await player.next();
  const asked = new Map<string, () => void>();
  player.child.on("message", (message) => asked.get(String((message as Message)["summary"]))?.());
  return {
    ask: (summary, more = {}) =>
      new Promise((resolve) => {
        asked.set(summary, resolve);
        player.tell({ task: { handler: "work", reads: [], writes: [], summary, ...more } });
      }),
    end: () => endPlayers([player]),
  };
}
