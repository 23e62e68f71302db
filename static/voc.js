// All behaviour of the pages beyond links, forms and htmx. Everything here is a convenience: no page needs it.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const remember = (key, value) => {
    try {
      if (value !== undefined) localStorage.setItem(key, value);
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };

  // --- theme, dialogs, copying, menus ---
  function toggleTheme() {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remember("voc-theme", root.dataset.theme);
  }

  async function copy(button) {
    const source = one(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.innerText);
    } catch {
      // No clipboard outside a secure context: leave the text selected for the person to copy.
      getSelection().selectAllChildren(source);
      return;
    }
    const label = one("[data-label]", button);
    const before = label.textContent;
    label.textContent = button.dataset.done;
    setTimeout(() => (label.textContent = before), 2000);
  }

  function openKeys() {
    const dialog = one("#keys");
    if (dialog && !dialog.open) dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.closest("[data-theme-toggle]")) toggleTheme();
    if (target.closest("[data-dialog]")) openKeys();
    const copying = target.closest("[data-copy]");
    if (copying) copy(copying);
    for (const menu of all("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
  });

  // --- character counters: code points, as the server counts them ---
  function count(field) {
    const output = one(`[data-counter="${field.id}"]`);
    if (!output) return;
    const length = [...field.value].length;
    output.textContent = `${length.toLocaleString()} / ${Number(output.dataset.max).toLocaleString()}`;
    output.classList.toggle("counter-over", length > Number(output.dataset.max));
  }
  document.addEventListener("input", (event) => count(event.target));

  // --- the seconds left to take a verdict back ---
  function tick(box) {
    const end = performance.now() + Number(box.dataset.seconds) * 1000;
    const bar = one("progress", box);
    const seconds = one("[data-left]", box);
    const timer = setInterval(() => {
      if (!box.isConnected) return clearInterval(timer);
      const left = Math.max(0, end - performance.now()) / 1000;
      bar.value = left;
      seconds.textContent = Math.ceil(left);
      if (left > 0) return undefined;
      clearInterval(timer);
      box.classList.add("undo-over");
      one("form", box)?.remove();
      return undefined;
    }, 200);
  }

  // --- keys: never while typing, and they can be switched off ---
  const keysOn = () => remember("voc-keys") !== "off";

  function letter(event) {
    // A Korean keyboard in Hangul mode reports ㅁ for the A key; the key's place still says which it is.
    if (/^[a-z/?]$/i.test(event.key)) return event.key.toLowerCase();
    return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : "";
  }

  function moveRow(step) {
    const links = all("[data-row] a.row-link");
    if (!links.length) return false;
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
    return true;
  }

  function press(key) {
    const element = one(`[data-key~="${key}"]`);
    if (!element) return false;
    if (element.matches("summary")) {
      element.parentElement.open = true;
      one("textarea, input:not([type=hidden]), select", element.parentElement)?.focus();
    } else if (element.matches("input, [data-key-focus]")) {
      element.focus();
    } else {
      element.click();
    }
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") for (const menu of all("details.menu[open]")) menu.open = false;
    if (event.repeat || one("dialog[open]") || !keysOn()) return;
    const key = letter(event);
    if (!key) return;
    let done;
    if (key === "?") done = openKeys() ?? true;
    else if ((key === "j" || key === "k") && moveRow(key === "j" ? 1 : -1)) done = true;
    else done = press(key);
    if (done) event.preventDefault();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-switch]")) remember("voc-keys", event.target.checked ? "on" : "off");
  });

  // --- htmx: what went wrong is said; what somebody typed survives a swap; a login page is a page ---
  const typed = new Map();

  function say(name) {
    const toast = one("#toast");
    toast.textContent = toast.dataset[name] ?? "";
    clearTimeout(say.timer);
    say.timer = setTimeout(() => (toast.textContent = ""), 8000);
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig, serverResponse, xhr } = event.detail;
    if (/^\s*<!doctype/i.test(serverResponse) && target !== document.body) {
      event.detail.shouldSwap = false;
      location.assign(xhr.responseURL);
      return;
    }
    typed.clear();
    for (const field of all("textarea[id], input[type=text][id]", target)) {
      if (field.value !== field.defaultValue && !requestConfig.elt.contains(field)) typed.set(field.id, field.value);
    }
  });

  document.addEventListener("htmx:afterSwap", () => {
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field && !field.value) field.value = value;
    }
    typed.clear();
  });

  document.addEventListener("htmx:sendError", () => say("offline"));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    say(status === 403 ? "denied" : status === 404 ? "missing" : "failed");
  });

  function prepare(root) {
    for (const output of all("[data-counter]", root)) {
      const field = document.getElementById(output.dataset.counter);
      if (field) count(field);
    }
    for (const box of all("[data-seconds]", root)) tick(box);
  }

  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt.parentElement ?? document));
  for (const box of all("[data-keys-switch]")) box.checked = keysOn();
  if (!window.htmx) prepare(document);
})();
