// Shows what is new every two seconds, and leaves alone what the reader has opened.
(() => {
  const live = document.getElementById("live");
  let version = live.dataset.version;
  const refresh = async () => {
    if (document.hidden) return;
    const answer = await fetch(`/_sandbox/live?seen=${version}`);
    if (answer.status !== 200) return;
    const html = await answer.text();
    const open = [...live.querySelectorAll("details[open]")].map((item) => item.id);
    const focused = document.activeElement.closest?.("details")?.id;
    live.innerHTML = html;
    version = answer.headers.get("X-Version");
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused && open.includes(focused)) document.querySelector(`#${focused} > summary`)?.focus({ preventScroll: true });
  };
  setInterval(() => refresh().catch(() => {}), 2000);
})();
