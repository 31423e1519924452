/** The page's look: a light table in a dark room. */
export const STYLE = `
:root { color-scheme: dark; --card: #1d2027; --line: #2f343e; --dim: #9aa3b2; --glow: #ffb066; }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem clamp(1rem, 3vw, 3rem); background: #121419; color: #e8eaf0;
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
header, main, section, footer { max-width: 1840px; margin-inline: auto; }
h1 { margin: 0; font-size: 2.6rem; letter-spacing: -.03em; }
header p, article p, footer, figcaption { color: var(--dim); }
header p { margin: .2rem 0 2rem; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 520px), 1fr)); gap: 1.4rem; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.1rem 1.2rem; }
article h2 { display: flex; gap: .6rem; align-items: baseline; margin: 0; font-size: 1.1rem; font-weight: 500; }
article h2 b { color: var(--glow); font-size: 1.35rem; }
article h2 i { margin-left: auto; color: var(--dim); font: inherit; font-size: .9rem; white-space: nowrap; }
article p { margin: .1rem 0 .9rem; font-size: .86rem; }
code { color: #cfd6e4; }
.prints { display: grid; grid-template-columns: 2.55fr 1fr 1fr; gap: .8rem; align-items: start; }
.prints figure:first-child { grid-row: span 2; }
figure { margin: 0; }
figure a { display: flex; justify-content: center; background: #15171c; border-radius: 6px; overflow: hidden; }
figure img { display: block; max-width: 100%; width: auto; height: auto; max-height: 150px; transition: filter .15s; }
figure:first-child img { max-height: 360px; }
figure a:hover img { filter: brightness(1.12); }
figcaption { margin-top: .35rem; font-size: .74rem; line-height: 1.35; }
.raw a { outline: 1px dashed #6b5138; outline-offset: 2px; }
.raw figcaption { color: var(--glow); }
section { margin-top: 2.2rem; padding: .4rem 1.2rem 1rem; border: 1px solid #55322f; border-radius: 14px; background: #211a1b; }
section h2 { font-size: 1.1rem; font-weight: 500; color: #ff9a8f; margin: .6rem 0; }
section p, section ul { margin: .3rem 0; }
section li { color: var(--dim); }
footer { margin-top: 1.6rem; }
footer a { color: inherit; }
`;
