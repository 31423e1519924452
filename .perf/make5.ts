import { develop, paintNegatives, SIZES } from "../test/bench/photographs.ts";
console.log(await develop(paintNegatives(2), { ...SIZES["12 MP"], quality: 95 }, "/tmp/perf/pics"));
