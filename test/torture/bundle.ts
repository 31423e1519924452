import { build } from "rolldown";

/**
 * Makes one file of a program of a torture, since loading it from its sources takes longer than its whole life may.
 * @param external which packages it goes on loading; default none
 */
export async function bundle(entry: string, outfile: string, external?: RegExp): Promise<void> {
  await build({
    input: entry,
    platform: "node",
    ...(external && { external }),
    output: { file: outfile, format: "esm", codeSplitting: false },
    logLevel: "warn",
  });
}
