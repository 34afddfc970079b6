// The report's own script: what is filtered, unfolded and switched, and the frames of rendered pages.
// A page's text is hostile: it is parsed in a document without a window, and shown in a frame that runs nothing.
"use strict"

const byId = id => document.getElementById(id)
const TOKEN = /\{(_|[A-Z][A-Z0-9_]*(:[a-z]+)?|\?[A-Z][A-Z0-9_]*=[A-Za-z0-9._~%-]*|\/[A-Z][A-Z0-9_]*)\}/
const MARK = /^INJECT:([A-Za-z0-9._~-]+)$/
const HTML = "http://www.w3.org/1999/xhtml"

// In the frames, these stand beside a page's own styles.
const STYLE = `
.edgekit-slot, .edgekit-island, .edgekit-absent { all: revert; border-radius: 3px; font: 600 0.85em/1.4 ui-monospace, monospace; }
.edgekit-slot { padding: 0 3px; background: #ece4fd; color: #5b21b6; outline: 1px solid #5b21b6; }
.edgekit-island, .edgekit-absent { display: block; padding: 12px; background: #dbf1f6; color: #0b5c70; outline: 2px dashed #0b5c70; outline-offset: -2px; text-align: center; }
.edgekit-absent { display: inline-block; background: #f0f2f5; color: #566072; outline: 1px dashed #566072; }
img.edgekit-image { background: repeating-linear-gradient(-45deg, #e3e7ec 0 6px, #f0f2f5 6px 12px); outline: 1px dashed #566072; outline-offset: -1px; }
a, button, input, select, textarea { pointer-events: none !important; }`

// Of alternatives the first one; what is left are placeholders. A text's own brace is parted from what follows, so that
// it is no token.
function chooseFirst(text) {
  const open = []
  let chosen = "", at = 0
  const tokens = new RegExp(TOKEN, "g")
  const isShown = () => open.every(choice => choice.alternative === 0)
  for (let token; (token = tokens.exec(text)); at = tokens.lastIndex) {
    if (isShown()) chosen += text.slice(at, token.index)
    const name = token[1].replace(/^[?/]|=.*$/g, "")
    if (token[1][0] === "?") {
      if (open.at(-1)?.name === name) open.at(-1).alternative += 1
      else open.push({name, alternative: 0})
    } else if (token[1][0] === "/") open.pop()
    else if (isShown()) chosen += token[1] === "_" ? "{\u2060" : token[0]
  }
  return chosen + text.slice(at)
}

function read(selector) {
  const data = document.querySelector(selector)
  return data && {text: JSON.parse(data.textContent), type: data.dataset.type}
}

function readAsset(url) {
  return url && read(`[data-asset="${CSS.escape(url)}"]`)
}

function element(page, className, text) {
  const made = page.createElement("span")
  made.className = className
  made.textContent = text
  return made
}

function markTokens(page) {
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT)
  const texts = []
  while (walker.nextNode()) texts.push(walker.currentNode)
  for (let text of texts) {
    if (text.parentNode.namespaceURI !== HTML || text.parentNode.closest("script, style, title, textarea, option")) continue
    for (let found; (found = TOKEN.exec(text.data)); ) {
      const rest = text.splitText(found.index)
      text = rest.splitText(found[0].length)
      rest.replaceWith(element(page, "edgekit-slot", found[0]))
    }
  }
}

function markIslands(page) {
  const walker = page.createTreeWalker(page, NodeFilter.SHOW_COMMENT)
  const comments = []
  while (walker.nextNode()) comments.push(walker.currentNode)
  for (const comment of comments) {
    const mark = MARK.exec(comment.data)
    if (mark) comment.replaceWith(element(page, "edgekit-island", `island ${mark[1]}`))
  }
}

function showImage(image) {
  const asset = readAsset(image.getAttribute("src"))
  image.removeAttribute("srcset")
  image.removeAttribute("loading")
  if (asset) {
    image.src = `data:${asset.type};base64,${asset.text}`
    return
  }
  const [width, height] = ["width", "height"].map(name => parseInt(image.getAttribute(name)) || 64)
  image.src = `data:image/svg+xml,<svg xmlns="${HTML.replace("1999/xhtml", "2000/svg")}" width="${width}" height="${height}"/>`
  image.classList.add("edgekit-image")
}

function build(text, hasTokens) {
  const page = new DOMParser().parseFromString(hasTokens ? chooseFirst(text) : text, "text/html")
  for (const link of page.querySelectorAll("link")) {
    const asset = link.relList.contains("stylesheet") && readAsset(link.getAttribute("href"))
    if (!asset) {
      link.remove()
      continue
    }
    const style = page.createElement("style")
    style.media = link.media
    style.textContent = asset.text.replaceAll("</", "<\\/")
    link.replaceWith(style)
  }
  // What loads is stopped by the policy. But a browser connects ahead for frames and some links, before it asks that;
  // and what stands in a template is not found here, yet may be shown.
  for (const found of page.querySelectorAll("script, base, meta[http-equiv], source, track, template")) found.remove()
  for (const found of page.querySelectorAll("iframe, frame, fencedframe, object, embed, video, audio")) {
    found.replaceWith(element(page, "edgekit-absent", found.localName))
  }
  // A browser may connect to where a link leads before anybody follows it; `#` keeps the look of a link.
  for (const found of page.querySelectorAll("a, area")) {
    if (found.hasAttribute("href")) found.setAttribute("href", "#")
    found.removeAttribute("xlink:href")
    found.removeAttribute("ping")
  }
  for (const found of page.querySelectorAll("[autofocus]")) found.removeAttribute("autofocus")
  page.querySelectorAll("img").forEach(showImage)
  if (hasTokens) markTokens(page)
  markIslands(page)
  const style = page.createElement("style")
  style.textContent = STYLE
  page.head.append(style)
  const doctype = page.compatMode === "BackCompat" ? "" : "<!doctype html>"
  return `${doctype}<meta http-equiv="x-dns-prefetch-control" content="off">${page.documentElement.outerHTML}`
}

function showFrames(section) {
  for (const place of section.querySelectorAll(".frame:empty")) {
    const frame = document.createElement("iframe")
    frame.setAttribute("sandbox", "")
    frame.title = place.dataset.title
    frame.srcdoc = build(read(`#body-${place.dataset.body}`).text, "tokens" in place.dataset)
    place.append(frame)
  }
}

function show(page) {
  const chosen = kind => page.querySelector(`input[name$="-${kind}"]:checked`)?.value
  const isRendered = chosen("view") === "rendered"
  for (const section of page.querySelectorAll(".pair")) {
    section.hidden = section.dataset.pair !== chosen("pair")
    section.querySelector(".as-source").hidden = isRendered
    section.querySelector(".as-rendered").hidden = !isRendered
    if (isRendered && !section.hidden) showFrames(section)
  }
}

// Folded lines are the same on both sides, so only those of the old one are in the report.
function unfold(fold) {
  const {content, dataset} = fold.querySelector("template")
  for (const row of content.querySelectorAll("tr")) {
    const [number, code] = [...row.cells].map(cell => cell.cloneNode(true))
    number.textContent = Number(number.textContent) + Number(dataset.shift)
    number.className = number.className.replace("old", "new")
    code.className = code.className.replace("old", "new")
    row.append(number, code)
  }
  fold.classList.remove("fold")
  fold.tabIndex = -1
  fold.replaceChildren(content)
  fold.focus({preventScroll: true})
}

function filter(form) {
  const path = form.elements.path.value.trim().toLowerCase()
  const {kind, action} = form.elements
  const pages = document.querySelectorAll(".page")
  let shown = 0
  for (const page of pages) {
    const isShown =
      (!kind.value || page.dataset.kind === kind.value) &&
      (!action.value || page.dataset.action === action.value) &&
      page.querySelector(".path").textContent.toLowerCase().includes(path)
    page.hidden = !isShown
    shown += isShown
  }
  form.querySelector("output").textContent = `${shown.toLocaleString("en")} of ${pages.length.toLocaleString("en")}`
}

function openTarget() {
  const page = byId(decodeURIComponent(location.hash.slice(1)))
  if (!page?.matches(".page")) return
  page.hidden = false
  const details = page.querySelector("details")
  if (details) details.open = true
}

document.addEventListener("change", event => {
  const page = event.target.closest(".page")
  if (page) show(page)
})
document.addEventListener("click", event => {
  const fold = event.target.closest(".unfold")?.closest("tbody")
  if (fold) unfold(fold)
})
for (const page of document.querySelectorAll(".page:has(.pair)")) show(page)
const form = document.querySelector(".filter")
if (form) {
  form.hidden = false
  form.addEventListener("input", () => filter(form))
  form.addEventListener("submit", event => event.preventDefault())
  filter(form)
}
addEventListener("hashchange", openTarget)
openTarget()
