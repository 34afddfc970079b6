// In every page while its site is watched: reloads it when it is not what its visitor would get any more.

import {keep, restore} from "./kept.js"
import {showProblems} from "./overlay.js"

const BASE = "/_edgekit/watch/"
const STYLE = /^(.*)\.[0-9a-f]{8}\.css$/

const served = document.querySelector(`script[src="${BASE}reload.js"]`).dataset
const news = new BroadcastChannel(BASE)
let shape = null // what this page is, as the server names it; null until it was first asked
let asking = false
let isMissed = false

restore()
news.onmessage = look
addEventListener("visibilitychange", look)
addEventListener("pageshow", look)
// One of all open pages listens, and tells the others; if it is closed, another gets the lock.
navigator.locks.request(BASE, () => new Promise(listen))

function listen() {
    const source = new EventSource(BASE + "events")
    source.onmessage = () => {
        news.postMessage(null)
        look()
    }
    source.onerror = () => {
        if (source.readyState === EventSource.CLOSED) setTimeout(listen, 1000)
    }
}

async function look() {
    if (document.hidden) return // looks when it is shown
    isMissed = asking
    if (asking) return
    asking = true
    try {
        const page = encodeURIComponent(location.pathname + location.search)
        const answer = await fetch(`${BASE}state?page=${page}`, {cache: "no-store"})
        if (answer.ok) follow(await answer.json())
    } catch { /* the server is away: `listen` hears when it is back */ }
    asking = false
    if (isMissed) look()
}

function follow(state) {
    // Asked for in another way, the same page may differ (by a header that it prints), so that is compared only if a
    // build came between.
    const expected = shape ?? (state.release === served.release ? state.shape : served.shape)
    shape = state.shape
    if (shape !== expected) {
        keep()
        location.reload()
        return
    }
    swapStyles(state.styles)
    if (window === top) showProblems(state)
}

function swapStyles(styles) {
    const urls = new Map(styles.map(url => [STYLE.exec(url)[1], url]))
    for (const link of document.querySelectorAll("link[rel~=stylesheet][href]:not([data-edgekit-old])")) {
        const {origin, pathname} = new URL(link.href)
        const url = urls.get(STYLE.exec(pathname)?.[1])
        if (!url || url === pathname || origin !== location.origin) continue
        const next = link.cloneNode()
        link.dataset.edgekitOld = "" // it stays until the next is there, so that nothing flashes
        next.href = url
        next.onload = next.onerror = () => link.remove()
        link.after(next)
    }
}
