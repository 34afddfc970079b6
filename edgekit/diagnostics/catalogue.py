"""Every code with its title and why it exists. Declared here = emitted somewhere (a test compares).

EK1xx site and configuration · EK2xx slot used as a value · EK3xx HTML context · EK4xx keys, sizes, store ·
EK5xx budget · EK6xx delivery and caching · EK7xx targets · EK8xx warnings for what silently does nothing.
"""

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """What a code stands for: a short title (the bad pattern, never the remedy) and one sentence of why."""

    title: str
    why: str


CATALOGUE: Final[dict[str, Entry]] = {
    "EK101": Entry(
        "no site folder",
        "A command needs a folder with an `edgekit.toml` to know what to build.",
    ),
    "EK102": Entry(
        "a file or folder of the site that cannot be read",
        "A site that is read in part would be built in part.",
    ),
    "EK103": Entry(
        "text that is not UTF-8",
        "Templates, data and configuration are UTF-8, so that every machine reads the same characters.",
    ),
    "EK104": Entry(
        "a file that is too large",
        "Everything that is read is bounded, and a store takes no larger body and no longer key.",
    ),
    "EK105": Entry(
        "a link out of the site folder",
        "What a site publishes lies in its folder, so that no link can publish another file of the machine.",
    ),
    "EK106": Entry(
        "malformed TOML",
        "A file that is not TOML has no values to read.",
    ),
    "EK107": Entry(
        "a malformed data file",
        "Data are read whole or not at all: a row or value that is guessed would be published.",
    ),
    "EK108": Entry(
        "a site without pages",
        "There is nothing to build.",
    ),
    "EK110": Entry(
        "an unknown key in edgekit.toml",
        "A misspelt key would silently do nothing.",
    ),
    "EK111": Entry(
        "a value of the wrong kind in edgekit.toml",
        "Each key has one kind of value; nothing is converted silently.",
    ),
    "EK112": Entry(
        "a missing key in edgekit.toml",
        "There is no default that would be right for every site.",
    ),
    "EK113": Entry(
        "a value that is not allowed in edgekit.toml",
        "The value is of the right kind, but nothing could work with it.",
    ),
    "EK114": Entry(
        "a clock that cannot be read",
        "`build_time` is the one clock that pages may read, so it is right or there is no build.",
    ),
    "EK120": Entry(
        "an ill-formed name of a tier",
        "A tier's name stands in keys, headers and URLs, so it has few characters.",
    ),
    "EK121": Entry(
        "no default tier",
        "Whoever has no record, or an unknown tier, is shown the default tier.",
    ),
    "EK122": Entry(
        "a tier value that JSON cannot hold",
        "A tier's configuration is stored as JSON, which Python and JavaScript must read alike.",
    ),
    "EK130": Entry(
        "an ill-formed name of a slot",
        "A slot's name is its placeholder in a fragment.",
    ),
    "EK131": Entry(
        "a slot without a usable source",
        "A slot's value comes from the user, the tier's configuration or the request.",
    ),
    "EK132": Entry(
        "two slots with one source",
        "A source has one slot, so that every place that prints it has the same rules.",
    ),
    "EK133": Entry(
        "an impossible length of a slot",
        "Fragments are filled within bounds, which `max_length` sets.",
    ),
    "EK134": Entry(
        "a default that its slot refuses",
        "The default must follow the rules it stands in for.",
    ),
    "EK135": Entry(
        "a tier without a usable live field",
        "A live field's default is the tier file's own value.",
    ),
    "EK136": Entry(
        "choices that a slot cannot have",
        "A page is compiled once for each value of its choice slots.",
    ),
    "EK137": Entry(
        "a list slot that nothing can fill",
        "It prints items of one island for at most `max_items` of a user's values, and another island if none is left.",
    ),
    "EK140": Entry(
        "two data files of one name",
        "A template reads data by the file's name without its ending.",
    ),
    "EK141": Entry(
        "a data file that no template can read",
        "Its name is taken by a method of every dict.",
    ),
    "EK142": Entry(
        "options for a page that does not exist",
        "They would silently do nothing.",
    ),
    "EK143": Entry(
        "a page with a parameter and no list of items",
        "A page with a parameter is made once for each item of a list of tables.",
    ),
    "EK144": Entry(
        "an item that cannot name its page",
        "The item's field becomes a part of the page's URL.",
    ),
    "EK145": Entry(
        "an item's name that is taken",
        "It would hide a name that edgekit or Jinja gives every template.",
    ),
    "EK146": Entry(
        "a site's own function that cannot be imported",
        "`[jinja]` names functions of Python modules in the folder that holds the site's.",
    ),
    "EK147": Entry(
        "a site's own function with a name that is taken",
        "It would hide an encoding, whose bytes every replay writes, or a name that edgekit or Jinja gives templates.",
    ),
    "EK150": Entry(
        "an island's name that no mark can hold",
        "The name stands in the page's text and in a store's key.",
    ),
    "EK151": Entry(
        "items of an island that does not exist",
        "They would silently do nothing.",
    ),
    "EK152": Entry(
        "an island's items that are no list of tables",
        "An island with `each` is compiled once for each item of a list of tables.",
    ),
    "EK153": Entry(
        "an item that list values cannot name",
        "A list slot finds an item by the key that stands in the user's list.",
    ),
    "EK160": Entry(
        "a redirect from a path that no request can have",
        "It would never be followed: the path is another's spelling, refused or edgekit's own.",
    ),
    "EK161": Entry(
        "a redirect that leads nowhere",
        "A redirect leads to a path of the site or to a fixed host, so that nobody else chooses where.",
    ),
    "EK162": Entry(
        "two redirects of the same paths",
        "One of them would silently win.",
    ),
    "EK163": Entry(
        "a redirect that hides a page",
        "Redirects are looked up before pages, so the page would never be shown.",
    ),
    "EK164": Entry(
        "redirects in a circle",
        "A browser follows some of them and then shows an error.",
    ),
    "EK165": Entry(
        "headers for a path that no request can have",
        "Nothing would ever be answered with them.",
    ),
    "EK166": Entry(
        "a header that is edgekit's own",
        "Who may keep an answer, what it holds and how long it is follows from the page.",
    ),
    "EK167": Entry(
        "a header that no answer can have",
        "Names are tokens, values printable ASCII, and servers take only so much of both.",
    ),
    "EK201": Entry(
        "slot is tested or compared",
        "A condition would need the value, which is known only at request time.",
    ),
    "EK202": Entry(
        "slot is read by a filter, test or function",
        "The filter would need the value; only those that keep its text as it is, or encode it, can be replayed.",
    ),
    "EK203": Entry(
        "attribute or item of a slot",
        "A slot is opaque text or an integer; its characters are known only at request time.",
    ),
    "EK204": Entry(
        "slot is looped over or measured",
        "How often the loop would run is known only at request time.",
    ),
    "EK205": Entry(
        "slot is calculated with",
        "The result would depend on the value, and at the edge nothing is calculated.",
    ),
    "EK206": Entry(
        "slot is handed to code that needs its value",
        "Python code, a key, a template's name or a container's notation would need the value itself.",
    ),
    "EK207": Entry(
        "slot is written in a way that no placeholder can write",
        "A value is replayed in one of five encodings; combinations of them, and no escaping, are none of these.",
    ),
    "EK208": Entry(
        "undeclared field of user, segment or request",
        "Each value that a page takes from a request is declared with its default and its bounds.",
    ),
    "EK209": Entry(
        "namespace is used as a value",
        "`user`, `segment` and `request` hold values that are known only at request time.",
    ),
    "EK210": Entry(
        "value that prints an address",
        "What it prints differs from build to build, and a page is a function of its inputs.",
    ),
    "EK211": Entry(
        "undefined name",
        "A misspelt name would print nothing, silently, so undefined names are errors.",
    ),
    "EK212": Entry(
        "template that is missing or cannot be read",
        "The page cannot be rendered without it.",
    ),
    "EK213": Entry(
        "template with a syntax error",
        "Jinja cannot parse it.",
    ),
    "EK214": Entry(
        "private or unsafe attribute",
        "Templates are not trusted with the machine: they run in Jinja's immutable sandbox.",
    ),
    "EK215": Entry(
        "template that fails while it is rendered",
        "Jinja's full render would fail at the same place.",
    ),
    "EK216": Entry(
        "chance in a template",
        "A page is a function of its inputs: two builds of the same input give the same bytes.",
    ),
    "EK217": Entry(
        "asset that does not exist",
        "The page would name a file that nobody can load.",
    ),
    "EK218": Entry(
        "a site's own function that fails",
        "Jinja's full render would fail at the same place.",
    ),
    "EK219": Entry(
        "a site's own function with more than plain data",
        "It gets and gives text, numbers, dates and lists or dicts of those: other things could hide a slot or chance.",
    ),
    "EK220": Entry(
        "page that reads other slots when it is rendered again",
        "A page is a function of its inputs: a site's own function that is not pure makes it another each time.",
    ),
    "EK290": Entry(
        "fragment that differs from the full render",
        "Each build renders fragments twice and compares; a difference is a bug of edgekit's, and is not published.",
    ),
    "EK301": Entry(
        "slot in an unsafe place",
        "There a value could break out of its place, or would not be shown as it is.",
    ),
    "EK302": Entry(
        "slot that can change the page's elements",
        "An empty value and another one would give different elements.",
    ),
    "EK303": Entry(
        "slot in another place's encoding",
        "Each place needs its own encoding; in another one the value is shown wrongly, or unsafe.",
    ),
    "EK310": Entry(
        "island or list slot where none may stand",
        "There a browser would not read the page with the island in it as it reads the two apart.",
    ),
    "EK311": Entry(
        "client island that no script would find",
        "Its script fills the element that stands before it.",
    ),
    "EK312": Entry(
        "island that is not whole",
        "What it leaves open, or closes around it, would change the page that it is put into.",
    ),
    "EK401": Entry(
        "a page at a path that no request can have",
        "Such a page could never be answered: the path is redirected, refused, edgekit's own or too long.",
    ),
    "EK402": Entry(
        "two pages at one path",
        "One of them would silently win.",
    ),
    "EK419": Entry(
        "asset that changes during a build",
        "Its URL says what it contains, and browsers keep it for a year.",
    ),
    "EK420": Entry("a key that no store takes", "LMDB takes keys of 1 to 511 bytes, and edgekit writes them in UTF-8."),
    "EK421": Entry("a body larger than a store takes", "An edge platform's store takes values of up to 25 MiB."),
    "EK422": Entry(
        "a record larger than 16 KiB",
        "Each request decodes a user's record and a tier's configuration: their size is a request's time.",
    ),
    "EK423": Entry("no store", "Nothing was built or imported at this place yet."),
    "EK424": Entry("a store that is no LMDB file", "edgekit overwrites nothing that it has not written."),
    "EK425": Entry("a damaged store", "LMDB trusts its file: a wrong page number in it ends the process, or worse."),
    "EK426": Entry("another program's LMDB file", "edgekit overwrites nothing that it has not written."),
    "EK427": Entry("a store of a newer format", "An older edgekit would read it wrongly and write what breaks it."),
    "EK428": Entry(
        "a store that may not be read or written", "The system refuses the file, its lock file or its folder."
    ),
    "EK429": Entry("a store on a network file system", "LMDB's locks and maps do not hold between machines."),
    "EK430": Entry("a full disk", "A transaction that cannot be written whole is not written at all."),
    "EK431": Entry("two builds into one store", "Only one process at a time stages and publishes a release."),
    "EK432": Entry("a release without all its bodies", "A page whose body is not in the store could not be answered."),
    "EK433": Entry("a release that cannot be read", "Its manifest, index or publication record is damaged."),
    "EK434": Entry("a release that is not there", "A release is named by its digest or four digits of its beginning."),
    "EK435": Entry("a user's damaged record", "A record is an expiry of 8 bytes and a JSON object."),
    "EK436": Entry("a user's record that is no JSON object", "Pages read a user's fields by their names."),
    "EK437": Entry("a line that is no user", "A file of users is imported whole or not at all."),
    "EK438": Entry("a tier that is not there", "Tiers come with builds, one for each file in `segments/`."),
    "EK439": Entry("a tier's damaged configuration", "A configuration is an expiry of 8 bytes and a JSON object."),
    "EK440": Entry("an edit of a field that is not live", "Values of frozen fields are part of the compiled pages."),
    "EK441": Entry("an edit that the slot does not take", "Replay would show the default in its place."),
    "EK442": Entry("a body that is not what its digest says", "A bit of it has changed since it was written."),
    "EK443": Entry("an index entry that is not the release's", "Replay would answer another page, or none."),
    "EK444": Entry("cut offsets that are not a body's tokens", "Replay would put values in wrong places."),
    "EK445": Entry("a release that is not what its digest says", "A release's name is the digest of its content."),
    "EK446": Entry("a record that cannot be read", "Something in it has changed since it was written."),
    "EK450": Entry(
        "a port that is in use",
        "Two servers on one port would each get some of the requests.",
    ),
    "EK451": Entry(
        "an address that nothing can listen on",
        "The name is unknown, not one of this machine, or the port needs privileges.",
    ),
    "EK452": Entry(
        "a store without a release",
        "There is no page to answer with.",
    ),
    "EK453": Entry(
        "a worker that died",
        "The server stops rather than answer with fewer workers than asked for.",
    ),
    "EK480": Entry(
        "a build that removes many pages",
        "Lost data or a mistyped name would otherwise take a large part of the site away at once.",
    ),
    "EK481": Entry(
        "a new site in a folder that is not empty",
        "Files that are there must not be mixed with the site's, or written over.",
    ),
    "EK483": Entry(
        "a page that is not there",
        "Only pages of the current release are answered.",
    ),
    "EK484": Entry(
        "a user that is not there",
        "There is no record to show or to delete.",
    ),
    "EK485": Entry(
        "a value that no slot takes",
        "A page prints only slots that its release declares.",
    ),
    "EK486": Entry(
        "an oracle of another site",
        "Replay and oracle can be compared only if both know the same slots, tiers and items.",
    ),
    "EK488": Entry(
        "an answer that is an error",
        "Replay could not answer with the page itself.",
    ),
    "EK501": Entry(
        "fragment larger than the budget",
        "A large fragment costs CPU and time at every request.",
    ),
    "EK502": Entry(
        "page with too many variants",
        "Each combination of a page's choices is rendered, checked and stored.",
    ),
    "EK503": Entry(
        "page that could take more CPU than the budget",
        "A request that does is answered with 429, so the page would fail for some of its readers.",
    ),
    "EK601": Entry(
        "page that reads more than its delivery class says",
        "`delivery` is a promise about who may share the page's bytes.",
    ),
    "EK602": Entry(
        "503.html that reads the tier or a slot",
        "It is shown when nothing can be read, so it must be the same for everybody.",
    ),
    "EK603": Entry(
        "island mark in a page's own text",
        "Replay would put an island in its place.",
    ),
    "EK604": Entry(
        "island that does not exist",
        "The tag names a file of `islands/` that a page can show as it is.",
    ),
    "EK605": Entry(
        "island inside an island",
        "Replay puts islands into pages in one step.",
    ),
    "EK606": Entry(
        "503.html with an island",
        "It is shown when nothing can be read, an island neither.",
    ),
    "EK607": Entry(
        "client island that reads the page's URL",
        "The browser fetches it from a URL of its own.",
    ),
    "EK608": Entry(
        "client island with a script",
        "Browsers do not run scripts of HTML that a script puts into the page.",
    ),
    "EK609": Entry(
        "list slot in what a list slot shows",
        "Replay puts lists together in one step.",
    ),
    "EK801": Entry(
        "a link to a path of the site that nothing answers",
        "Whoever follows it finds the error page.",
    ),
    "EK802": Entry(
        "a list of items that is empty",
        "The template makes no page at all.",
    ),
}
