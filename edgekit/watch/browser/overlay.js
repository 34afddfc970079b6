// What is wrong with the site, over the page: in a shadow root, so that neither changes the other's looks. A dialog is
// in the top layer, holds the keyboard's focus and closes on Escape, all by itself.

const css = new CSSStyleSheet() // not an element: a site's content security policy may forbid those
const styled = fetch(new URL("overlay.css", import.meta.url)).then(answer => answer.text()).then(text => css.replace(text))

let shown = "[]" // the problems that are shown, or were and somebody closed them
let host = null

/** Show the problems of a state of the server; with none, what was shown goes away. */
export async function showProblems({problems, more, release}) {
    const wanted = JSON.stringify(problems)
    if (wanted === shown) return
    shown = wanted
    await styled
    if (wanted !== shown) return
    host?.remove()
    host = null
    if (problems.length) open(problems, more, release)
}

function open(problems, more, release) {
    host = document.createElement("edgekit-overlay")
    host.attachShadow({mode: "open"}).adoptedStyleSheets = [css]
    const count = problems.length + more
    const close = element("button", {type: "button", title: "Close (Esc)", ariaLabel: "Close"}, "×")
    const dialog = element(
        "dialog", {role: "alertdialog", ariaLabel: "The site does not compile", tabIndex: -1},
        element(
            "header", {},
            element("h1", {}, count === 1 ? "The site does not compile" : `The site does not compile: ${count} errors`),
            close,
        ),
        element("ol", {tabIndex: 0, ariaLabel: "Errors"}, ...problems.map(format)),
        ...(more ? [element("p", {className: "more"}, `${more} more: the terminal shows them all.`)] : []),
        element(
            "footer", {},
            release ? "The page behind this is of the last build that succeeded." : "Nothing has been built yet.",
            " This goes away when the site compiles again.",
        ),
    )
    close.onclick = () => dialog.close()
    dialog.onclick = event => { if (event.target === dialog) dialog.close() } // the backdrop is the dialog's own
    dialog.onclose = () => dialog.remove()
    host.shadowRoot.append(dialog)
    document.documentElement.append(host)
    dialog.showModal()
    dialog.focus() // and not its button: what is to be read comes first
}

function format({code, place, message, source, help}) {
    return element(
        "li", {},
        element("p", {className: "place"}, element("b", {}, code), " ", element("span", {}, place)),
        element("p", {className: "message"}, ...quote(message)),
        ...(source ? [element("pre", {}, source)] : []),
        element("p", {className: "help"}, element("b", {}, "help"), " ", ...quote(help)),
    )
}

/** Text with what stands in backticks as code. */
const quote = text => text.split(/`([^`]*)`/).map((part, place) => place % 2 ? element("code", {}, part) : part)

function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties)
    if (properties.role) made.setAttribute("role", properties.role)
    made.append(...children)
    return made
}
