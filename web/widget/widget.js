/**
 * The entrance of the chat widget, a classic script, so that one line embeds it; see docs/widget.md. The modules
 * are in the folder beside it. They are imported by their whole address: a script of another origin has no base.
 */
{
  const script = /** @type {HTMLScriptElement} */ (
    document.currentScript ?? document.querySelector("script[data-app-key]")
  );
  import(new URL("widget/start.js", script.src).href)
    .then(({ start }) => start(script))
    .catch((error) => console.error("Tradewind chat did not start:", error));
}
