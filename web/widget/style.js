/** How it looks. Colors are named once for the day and once for the night. */

const CSS = `
:host { display: contents !important; }
.root {
  all: initial;
  --accent: #2450d3; --on-accent: #fff;
  --ground: #fff; --raised: #f1f3f7; --ink: #171a21; --faint: #5c6370; --line: #e1e4ea;
  --alert: #b3261e; --here: #1c9a5b; --warm: #fff6e0; --on-warm: #5c4300;
  --shadow: 0 12px 40px rgb(15 20 35 / 22%), 0 2px 8px rgb(15 20 35 / 12%);
  position: fixed; inset-block-end: 20px; z-index: 2147483000;
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  color: var(--ink); color-scheme: light dark; text-align: start;
}
@media (prefers-color-scheme: dark) {
  .root {
    --accent: #3d6bf0;
    --ground: #16191f; --raised: #252a33; --ink: #eceef2; --faint: #a2a9b6; --line: #313743;
    --alert: #ff8a80; --here: #3ecf86; --warm: #3a3016; --on-warm: #f5dfa5;
    --shadow: 0 12px 40px rgb(0 0 0 / 60%), 0 0 0 1px rgb(255 255 255 / 7%);
  }
}
@media print { .root { display: none; } }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; padding: 0; touch-action: manipulation; }
button:disabled { cursor: default; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
h2, p, ol { margin: 0; padding: 0; font-size: inherit; font-weight: inherit; }
.icon {
  width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round;
  stroke-linejoin: round;
}
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}

.launcher {
  position: relative; display: grid; place-items: center; width: 60px; height: 60px; border-radius: 50%;
  background: var(--accent); color: var(--on-accent); box-shadow: var(--shadow);
}
.launcher:hover { filter: brightness(1.08); }
.launcher:focus-visible { outline-offset: 3px; }
.launcher .icon { grid-area: 1 / 1; width: 28px; height: 28px; }
.launcher[aria-expanded=true] .icon:first-child, .launcher[aria-expanded=false] .icon:nth-child(2) {
  visibility: hidden;
}
.badge {
  position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 24px; padding: 0 6px;
  border: 2px solid var(--ground); border-radius: 12px; background: #c5221f; color: #fff;
  font-size: 12px; font-weight: 700; line-height: 20px; text-align: center; font-variant-numeric: tabular-nums;
}

.panel {
  position: absolute; inset: auto; inset-block-end: 76px; margin: 0; padding: 0; border: 0;
  width: 376px; height: min(600px, calc(100vh - 116px)); max-width: none; max-height: none;
  border-radius: 18px; overflow: hidden; background: var(--ground); color: var(--ink); box-shadow: var(--shadow);
}
.panel[open] { display: flex; flex-direction: column; }
.panel::backdrop { background: none; }
header {
  display: flex; align-items: center; gap: 12px; padding: 16px 12px 16px 20px;
  background: var(--accent); color: var(--on-accent);
}
header > div { flex: 1; min-width: 0; }
h2 { font-size: 17px; font-weight: 650; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.presence { display: flex; align-items: center; gap: 7px; font-size: 13px; opacity: .92; }
.presence::before {
  content: ""; flex: none; width: 8px; height: 8px; border: 1.5px solid currentColor;
  border-radius: 50%;
}
.here .presence::before { border-color: #fff; background: #42d98a; }
.close { display: grid; place-items: center; width: 40px; height: 40px; border-radius: 50%; }
.close:hover { background: rgb(255 255 255 / 16%); }
.close:focus-visible { outline-color: currentColor; outline-offset: -3px; }
.strip {
  display: flex; align-items: center; gap: 12px; padding: 10px 20px; background: var(--warm);
  color: var(--on-warm); font-size: 13.5px;
}
.strip p { flex: 1; white-space: pre-wrap; overflow-wrap: anywhere; }
.strip button, .again { font-weight: 650; text-decoration: underline; text-underline-offset: 2px; }

.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px 16px 8px; overflow-anchor: none; }
.log:focus-visible { outline-offset: -3px; border-radius: 6px; }
ol { display: flex; flex-direction: column; list-style: none; }
.older {
  display: block; margin: 0 auto 12px; padding: 6px 14px; border: 1px solid var(--line);
  border-radius: 16px; color: var(--faint); font-size: 13px;
}
.older:hover { background: var(--raised); }
.day { align-self: center; margin: 12px 0 4px; color: var(--faint); font-size: 12px; }
.welcome { margin: 4px 12px 8px; color: var(--faint); text-align: center; font-size: 14px; }
.welcome, .bubble { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.message {
  display: flex; flex-direction: column; align-items: flex-start; max-width: 84%;
  margin-block-start: 3px;
}
.message.first { margin-block-start: 12px; }
.mine { align-self: flex-end; align-items: flex-end; }
.author { margin: 0 4px 3px; color: var(--faint); font-size: 12px; font-weight: 600; }
.message:not(.first) .author { display: none; }
.mine .author { position: absolute; clip-path: inset(50%); }
.bubble {
  padding: 9px 14px; border: 1px solid transparent; border-radius: 18px; border-end-start-radius: 6px;
  background: var(--raised);
}
.mine .bubble {
  border-end-start-radius: 18px; border-end-end-radius: 6px; background: var(--accent);
  color: var(--on-accent);
}
.apps .bubble { background: none; border-color: var(--line); color: var(--faint); }
.waiting .bubble { opacity: .8; }
.failed .bubble { background: none; border-color: var(--alert); color: var(--ink); }
.bubble a, .welcome a { color: inherit; }
.stored:not(.last) .foot { display: none; }
.foot { display: flex; gap: 8px; margin: 2px 4px 0; color: var(--faint); font-size: 11.5px; }
.failed .foot { color: var(--alert); }
.typing {
  display: flex; align-items: center; gap: 4px; padding: 10px 4px 4px; color: var(--faint);
  font-size: 12.5px;
}
.typing i { width: 6px; height: 6px; border-radius: 50%; background: currentColor; opacity: .5; }
.typing span { margin-inline-start: 6px; }

form {
  display: flex; align-items: flex-end; gap: 8px; padding: 10px 12px;
  border-block-start: 1px solid var(--line);
}
textarea {
  flex: 1; min-width: 0; min-height: 40px; max-height: 132px; padding: 8px 14px; resize: none; field-sizing: content;
  border: 1px solid transparent; border-radius: 20px; background: var(--raised); font-size: 16px; line-height: 22px;
}
textarea::placeholder { color: var(--faint); opacity: 1; }
textarea:focus-visible { outline-offset: 0; }
.send {
  display: grid; flex: none; place-items: center; width: 40px; height: 40px; border-radius: 50%;
  background: var(--accent); color: var(--on-accent);
}
.send:disabled { background: var(--raised); color: var(--faint); }
.send .icon { width: 20px; height: 20px; }
:dir(rtl) .send .icon { transform: scaleX(-1); }

@media (max-width: 480px) {
  .panel { position: fixed; inset: 0; width: 100%; height: 100dvh; border-radius: 0; }
  form { padding-block-end: max(10px, env(safe-area-inset-bottom)); }
  header { padding-block-start: max(16px, env(safe-area-inset-top)); }
}
@media (prefers-reduced-motion: no-preference) {
  .panel[open] { animation: rise .18s ease-out; }
  .typing i { animation: blink 1.2s infinite; }
  .typing i:nth-child(2) { animation-delay: .2s; }
  .typing i:nth-child(3) { animation-delay: .4s; }
}
@keyframes rise { from { opacity: 0; transform: translateY(12px); } }
@keyframes blink { 50% { opacity: 1; } }
@media (forced-colors: active) {
  .launcher, .panel, .send, .bubble { border: 1px solid; }
}
`;

/** Above this brightness, dark letters are read better. */
const BRIGHT = 0.4;

/** The sheets of a widget with these options. */
export function sheets({ side, color }) {
  const edge = `.root { ${side}: 20px; } .panel { ${side}: 0; }`;
  const tint = color === null ? "" : `.root { --accent: ${color}; --on-accent: ${inkOn(color)}; }`;
  return [CSS, edge + tint + "@media (max-width: 480px) { .panel { left: 0; right: 0; } }"].map(sheet);
}

function sheet(css) {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}

/** Black or white, by the relative luminance (WCAG 2.2) of a color `#rrggbb`. */
function inkOn(color) {
  const channels = [1, 3, 5].map((at) => (parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
  const luminance = channels.reduce((sum, it, at) => sum + it * [0.2126, 0.7152, 0.0722][at], 0);
  return luminance > BRIGHT ? "#14161a" : "#fff";
}
