// What a browser makes of pages with values in them, against what it makes of the same pages with harmless values.
//
// A document is read as a flat list of entries [kind, where, text]: elements, their attributes, text, comments. The
// list of a page with harmless values is its model: put the encoded values in the place of the harmless ones, read
// them as HTML does, and what comes out is the only document that may be there. The encodings are written anew here,
// in the browser's own terms. All is one expression: an object of functions.
(() => {
  const BASE = "http://site.example/page";
  const ALLOWED = ["http:", "https:", "mailto:", "tel:"];
  const HOOKS = ["alert", "confirm", "prompt", "print", "open", "msgbox"];

  function readDocument(root) {
    const entries = [];
    const add = (kind, where, text) => {
      const last = entries.at(-1);
      if (kind === "text" && last?.[0] === "text") last[2] += text; // the parser splits text at 64 KiB
      else entries.push([kind, where, text]);
    };
    const visit = (node) => {
      if (node.nodeType === Node.ELEMENT_NODE) {
        add("element", node.localName, node.namespaceURI);
        for (const a of node.attributes) add("attribute", `${node.localName} ${a.name}`, a.value);
        for (const part of [node.shadowRoot, node.content]) {
          if (part?.nodeType) { add("part", node.localName, ""); visitAll(part); }
        }
        visitAll(node);
        add("end", node.localName, "");
      } else if (node.nodeType === Node.TEXT_NODE) add("text", node.parentNode.localName, node.data);
      else add("other", node.nodeName, node.data ?? node.publicId + node.systemId);
    };
    const visitAll = (parent) => { for (const child of parent.childNodes) visit(child); };
    visitAll(root);
    return entries;
  }

  const hexadecimal = (character, digits) => character.charCodeAt(0).toString(16).padStart(digits, "0");
  const percent = (text) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (character) => "%" + hexadecimal(character, 2).toUpperCase());
  const strip = (text) => text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "").replace(/[\t\n\r]/g, "");
  const scheme = (text) => { try { return new URL(text, BASE).protocol; } catch { return null; } };
  const isAllowed = (text) => scheme(text) === null || ALLOWED.includes(scheme(text)); // null leads nowhere
  const ENCODE = {
    "": (value) => String(value),
    url: (value) => percent(String(value)).replaceAll("%2F", "/"),
    path: (value) => ["", ".", ".."].includes(value) ? "-" : percent(String(value)),
    href: (value) => isAllowed(value) ? strip(value) : "about:invalid",
    json: (value) =>
      JSON.stringify(value).replace(/[<>&'\x7f-\uffff]/g, (character) => "\\u" + hexadecimal(character, 4)),
  };

  // How HTML reads a text: newlines first, then NUL, then the one newline that a start tag swallows.
  function readAsHtml(text, kind, where) {
    text = text.replace(/\r\n?/g, "\n");
    text = text.replaceAll("\0", kind === "attribute" || ["title", "textarea"].includes(where) ? "\ufffd" : "");
    return kind === "text" && ["pre", "textarea"].includes(where) ? text.replace(/^\n/, "") : text;
  }

  // A model's text with other values, and the encodings met; `prints` are the [slot, encoding] still to come, and those
  // met are taken off.
  function replaceValues(text, prints, harmless, values) {
    let done = "", met = [];
    while (prints.length) {
      const [slot, encoding] = prints[0];
      const token = ENCODE[encoding](harmless[slot]);
      const at = text.indexOf(token);
      if (at < 0) break;
      done += text.slice(0, at) + ENCODE[encoding](values[slot]);
      text = text.slice(at + token.length);
      met.push(encoding);
      prints.shift();
    }
    return [done + text, met];
  }

  // The same in what a script or JSON holds: strings with the harmless name, and the harmless number.
  function replaceDeep(data, harmless, values) {
    if (typeof data === "string") return data.replaceAll(harmless.name, () => values.name);
    if (data === harmless.points) return values.points;
    if (Array.isArray(data)) return data.map((member) => replaceDeep(member, harmless, values));
    if (data === null || typeof data !== "object") return data;
    const members = Object.entries(data).map(([key, member]) => [key, replaceDeep(member, harmless, values)]);
    return Object.fromEntries(members);
  }

  const show = (data) => JSON.stringify(data)?.slice(0, 300);
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const parse = (text) => { try { return [JSON.parse(text)]; } catch { return []; } };

  // What is wrong with a URL that holds values; `encodings` says how.
  function checkUrl(url, model, encodings) {
    if (encodings.includes("href")) return isAllowed(url) || url === "about:invalid" ? [] : [`url: ${url}`];
    const [is, was] = [new URL(url, BASE), new URL(model, BASE)];
    const steps = (u) => encodings.includes("path") ? u.pathname.split("/").length : u.pathname;
    const stays = is.protocol === was.protocol && is.host === was.host && steps(is) === steps(was);
    return stays ? [] : [`url: ${is} for ${was}`];
  }

  // The reasons why a document is not its model with other values.
  function compareDocument(entries, model, prints, harmless, values) {
    const left = [...prints], reasons = [];
    let at = 0;
    for (const [kind, where, text] of model) {
      let [wanted, met] = kind === "element" ? [text, []] : replaceValues(text, left, harmless, values);
      if (met.length) wanted = readAsHtml(wanted, kind, where);
      if (kind === "text" && wanted === "") continue;
      const entry = entries[at++];
      if (!same(entry, [kind, where, wanted])) {
        return [`tree: ${show(entry)} for ${show([kind, where, wanted])}`];
      }
      const isUrl = met.some((encoding) => ["url", "path", "href"].includes(encoding));
      if (isUrl) reasons.push(...checkUrl(wanted, text, met));
      const data = met.includes("json") ? parse(text) : []; // none in a script: what it read is compared as `shown`
      if (data.length && !same(parse(wanted), replaceDeep(data, harmless, values))) reasons.push(`json: ${wanted}`);
    }
    if (at < entries.length) reasons.push(`tree: ${show(entries[at])} for nothing`);
    if (left.length) reasons.push(`prints: ${show(left)} not found`);
    return reasons;
  }

  // From now on, write down what a window runs and what its policy sees it ask for.
  function watch(window, seen) {
    for (const name of HOOKS) window[name] = (...given) => seen.push(`ran: ${name}(${given})`);
    const tell = (event) => seen.push(`asked: ${event.effectiveDirective}`);
    window.document.addEventListener("securitypolicyviolation", tell);
  }

  function openFrame(sandboxed) {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    if (sandboxed) frame.setAttribute("sandbox", "allow-same-origin"); // as with scripts switched off
    document.body.append(frame);
    return frame;
  }

  // One document: parsed with its scripts running; a promise of what was seen.
  function load(frame, html) {
    const ran = [];
    delete frame.contentWindow.shown;
    const page = frame.contentDocument;
    page.open();
    watch(frame.contentWindow, ran);
    const loaded = new Promise((resolve, reject) => {
      frame.onload = resolve;
      setTimeout(() => reject(new Error("never loaded")), 20000);
    });
    page.write(html);
    page.close();
    return loaded.then(() => new Promise((resolve) => setTimeout(resolve))).then(() => {
      try {
        if (frame.contentDocument !== page) return { entries: [], ran: [...ran, "ran: navigation"] };
        return { entries: readDocument(page), ran, shown: frame.contentWindow.shown };
      } catch (error) {
        return { entries: [], ran: [...ran, `ran: navigation (${error})`] };
      }
    });
  }

  const kept = { frames: [], models: [] };

  // Load the harmless documents, whose readings are the models of what comes. `places`: {html, prints, sandboxed}.
  async function learn(places, harmless) {
    for (const frame of kept.frames) frame.remove();
    kept.frames = places.map((place) => openFrame(place.sandboxed));
    const seen = await Promise.all(places.map((place, i) => load(kept.frames[i], place.html)));
    kept.models = places.map((place, i) => ({ ...seen[i], prints: place.prints }));
    return kept.models.flatMap(({ entries, ran, shown, prints }, i) => {
      const reasons = compareDocument(entries, entries, prints, harmless, harmless);
      const reads = places[i].html.includes("window.shown") && prints.some(([, encoding]) => encoding === "json");
      if (reads && same(shown, replaceDeep(shown, harmless, { name: "", points: 0 }))) reasons.push("shown: no value");
      reasons.push(...ran.filter((what) => what.startsWith("ran")));
      return reasons.length ? [[i, reasons]] : [];
    });
  }

  // Load documents with other values: the number of each that is not its model, with the reasons. `places`: {at, html},
  // `at` the number of its model.
  async function tryValues(places, harmless, values) {
    const seen = await Promise.all(places.map((place) => load(kept.frames[place.at], place.html)));
    return places.flatMap((place, i) => {
      const model = kept.models[place.at];
      const reasons = compareDocument(seen[i].entries, model.entries, model.prints, harmless, values);
      reasons.push(...seen[i].ran.filter((what) => !model.ran.includes(what)));
      const { shown } = seen[i];
      if (!same(shown, replaceDeep(model.shown, harmless, values))) reasons.push(`shown: ${show(shown)}`);
      return reasons.length ? [[place.at, reasons]] : [];
    });
  }

  // A page that was navigated to: its document, what `watch` wrote down, and the URLs that its elements show.
  function readPage() {
    const urlsOf = (name) => [...document.querySelectorAll(`[${name}]`)].map((element) => element[name]);
    const urls = [...urlsOf("src"), ...urlsOf("poster")];
    return { entries: readDocument(document), seen: window.places?.seen ?? [], urls };
  }

  return { compareDocument, watch, learn, tryValues, readPage };
})()
