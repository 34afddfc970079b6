// What a reload would lose, kept over it: how far the page was scrolled, and what was typed.

const KEY = "edgekit-watch " + location.pathname + location.search
const FIELDS = "input:not([type=password], [type=file], [type=hidden], [type=submit], [type=button]), textarea, select"

export function keep() {
    const typed = fields().map((field, place) => [place, field]).filter(([, field]) => isTyped(field))
        .map(([place, field]) => [place, field.name, field.type, field.value, field.checked])
    try {
        sessionStorage.setItem(KEY, JSON.stringify({x: scrollX, y: scrollY, typed}))
    } catch { /* full, or forbidden: nothing is kept */ }
}

export function restore() {
    const kept = take()
    if (!kept) return
    const now = fields()
    for (const [place, name, type, value, checked] of kept.typed) {
        const field = now[place]
        if (!field || field.name !== name || field.type !== type) continue
        if (type === "checkbox" || type === "radio") field.checked = checked
        else field.value = value
    }
    scrollTo({left: kept.x, top: kept.y, behavior: "instant"})
    // Images above may still come: once more when all is there, unless somebody scrolled meanwhile.
    const {scrollY: reached} = window
    addEventListener("load", () => {
        if (scrollY === reached) scrollTo({left: kept.x, top: kept.y, behavior: "instant"})
    })
}

function take() {
    try {
        const kept = JSON.parse(sessionStorage.getItem(KEY))
        sessionStorage.removeItem(KEY)
        return kept
    } catch {
        return null
    }
}

const fields = () => [...document.querySelectorAll(FIELDS)]

function isTyped(field) {
    if (field.options) return [...field.options].some(option => option.selected !== option.defaultSelected)
    return field.value !== field.defaultValue || field.checked !== field.defaultChecked
}
