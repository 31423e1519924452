import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CustomSeriesOption, init } from "echarts";
import { type Machine, machineText } from "./machine.ts";
import type { Figure, Report } from "./report.ts";

/** All that a run has found. */
export interface Results {
  readonly machine: Machine;
  readonly rounds: number;
  readonly benches: Readonly<Record<string, Report>>;
}

type Ratio = Extract<Figure, { kind: "ratio" }>;

const WIDTH = 860;
const ROW = 44;
/** Room for the title above and the machine below. */
const AROUND = 130;

/** Draws a chart for each bench that compares: `NAME.svg`, one bar a comparison, ours as a part of theirs. */
export async function drawCharts({ machine, benches }: Results, directory: string): Promise<void> {
  for (const [name, { figures }] of Object.entries(benches)) {
    const ratios = figures.filter((figure): figure is Ratio => figure.kind === "ratio");
    if (ratios.length > 0) await writeFile(join(directory, `${name}.svg`), chartOf(name, ratios, machine));
  }
}

function chartOf(name: string, ratios: readonly Ratio[], machine: Machine): string {
  const height = AROUND + ratios.length * ROW;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: { text: `${name}: ours as a part of theirs`, subtext: "median of the pairs, line: least to most", left: 16 },
    graphic: {
      type: "text",
      left: 16,
      bottom: 8,
      style: { text: machineText(machine).trim(), fontSize: 11, fill: "#666" },
    },
    grid: { left: 300, right: 90, top: 62, bottom: 62 },
    xAxis: { type: "value", min: 0 },
    yAxis: {
      type: "category",
      inverse: true,
      data: ratios.map(({ what }) => what),
      axisLabel: { width: 270, overflow: "break" },
    },
    series: [
      {
        type: "bar",
        data: ratios.map(({ ratio }) => Number(ratio.median.toFixed(3))),
        barWidth: 20,
        itemStyle: { color: "#3b6ea5" },
        label: { show: true, position: "insideLeft", color: "#ffffff", formatter: "{c}" },
        markLine: { symbol: "none", silent: true, data: [{ xAxis: 1 }], lineStyle: { color: "#333", type: "dashed" } },
      },
      {
        type: "custom",
        encode: { x: [1, 2], y: 0 },
        data: ratios.map(({ ratio }, index) => [index, ratio.min, ratio.max]),
        renderItem: drawRange,
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** A line from the least to the most that was measured. */
const drawRange: CustomSeriesOption["renderItem"] = (_params, api) => {
  const row = api.value(0);
  const [x1 = 0, y1 = 0] = api.coord([api.value(1), row]);
  const [x2 = 0, y2 = 0] = api.coord([api.value(2), row]);
  const shape = { x1, y1, x2, y2 };
  return { type: "line", shape, style: { stroke: "#d9822b", lineWidth: 3 } };
};
