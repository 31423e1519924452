import * as z from "zod";

const EXPECTED = "a colour: a CSS name, #rgb, #rgba, #rrggbb, #rrggbbaa, or { r, g, b, alpha }";

/** The names of CSS Color Module Level 4, 6.1, and `transparent`. */
const NAMES = [
  "aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood",
  "cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray",
  "darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen",
  "darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue",
  "firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew",
  "hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan",
  "lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray",
  "lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue",
  "mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred",
  "midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid",
  "palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple",
  "rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue",
  "slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato transparent turquoise violet wheat",
  "white whitesmoke yellow yellowgreen",
]
  .join(" ")
  .split(" ");

const component = z.int().min(0).max(255);

/** A colour as sharp understands it, held to what sharp is known to parse. */
export const colour = z
  .union(
    [
      z.enum(NAMES),
      z.string().regex(/^#(?:[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$/, { error: EXPECTED }),
      z.strictObject({ r: component, g: component, b: component, alpha: z.number().min(0).max(1).optional() }),
    ],
    { error: EXPECTED },
  )
  .meta({ id: "colour" });
