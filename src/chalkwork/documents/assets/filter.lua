-- What every document passes through between Markdown and its output format.
--
-- The prose comes from other people's sheets. Raw HTML or TeX becomes plain text, an image other than ours
-- becomes its alternative text, a link keeps only harmless schemes: nothing is run, fetched or read.

local function is_ours(source)
  if FORMAT == "docx" then return source:match("^data:image/png;base64,") end
  return source:match("^chalkwork%-figure%-%d+$")
end

local function as_text(raw)
  return pandoc.Str(raw.text)
end

local function harmless_link(link)
  link.attr = pandoc.Attr()
  link.title = ""
  local target = link.target:lower()
  if target:match("^https?://") or target:match("^mailto:") then return link end
  return link.content
end

local function harmless_image(image)
  if is_ours(image.src) then return pandoc.Image(image.caption, image.src) end
  return image.caption
end

local function harmless_code(code)
  local language = code.classes[1]
  if not (language and language:match("^[%w+#.-]+$")) then language = nil end
  local scrolls = FORMAT == "html5" and code.t == "CodeBlock" and {tabindex = "0"} or {}
  code.attr = pandoc.Attr("", {language}, scrolls)
  return code
end

-- A paragraph "image, line break, caption" is a figure.
local function figure(paragraph)
  local image = paragraph.content[1]
  if not (image and image.t == "Image" and is_ours(image.src)) then return nil end
  local caption = {}
  for i = 3, #paragraph.content do caption[#caption + 1] = paragraph.content[i] end
  if FORMAT == "latex" then
    local words = {pandoc.Str("["), pandoc.Str(pandoc.utils.stringify(image.caption)), pandoc.Str("]")}
    if #caption == 0 then return pandoc.Para(words) end
    return {pandoc.Para(words), pandoc.Para{pandoc.Emph(caption)}}
  end
  return pandoc.Figure(pandoc.Plain{image}, #caption > 0 and {pandoc.Plain(caption)} or {})
end

-- A box around an equation, so that a wide one can scroll.
local function equation(paragraph)
  local only = paragraph.content[1]
  if FORMAT ~= "html5" or #paragraph.content ~= 1 or not only or only.t ~= "Math" then return nil end
  return pandoc.Div(pandoc.Plain{only}, pandoc.Attr("", {"equation"}, {tabindex = "0"}))
end

-- The same around a table.
local function boxed_table(found)
  if FORMAT ~= "html5" then return nil end
  return pandoc.Div(found, pandoc.Attr("", {"table"}, {tabindex = "0"}))
end

local function paragraph(block)
  return figure(block) or equation(block)
end

-- Typst has no column alignment inside a matrix, only one for all columns, and its writer drops both: a
-- private character carries "all columns to the right" across. Some names it writes are of an older Typst.
local RIGHT, BETWEEN, COMMA, NORM = "\u{E000}", "\u{E001}", "\u{E002}", "\u{E005}"

-- A decimal comma, and the bars of a norm or an absolute value, are ordinary signs: no space belongs to them.
local ORDINARY = {[COMMA] = "comma", [NORM] = "bar.v.double"}

local function with_ordinary_signs(source)
  for mark, sign in pairs(ORDINARY) do
    source = source:gsub(" *" .. mark .. " *", ' class("normal", ' .. sign .. ") ")
  end
  return (source:gsub("([^%[])\\|", '%1 class("normal", bar.v)'))
end

local function marked(text)
  for _, side in ipairs{"left", "right"} do
    text = text:gsub("\\" .. side .. "%s*\\|", "\\" .. side .. "\u{E006}")
    text = text:gsub("\\" .. side .. "%s*\\[lr]?Vert%f[%A]", "\\" .. side .. "\u{E006}")
  end
  text = text:gsub("\\[bB]igg?[lrm]?%s*\\|", NORM):gsub("\\|", NORM):gsub("\\[lr]?Vert%f[%A]", NORM)
  return (text:gsub("\u{E006}", "\\Vert "):gsub("{,}", COMMA):gsub("(\\begin{array}{r+})", "%1" .. RIGHT))
end

-- Typst ends code with the semicolon right after it, which then ends no row of a matrix: a space keeps the row.
local function rows_kept(source)
  local parts = {}
  source = source:gsub("\\\\", "\u{E003}"):gsub('\\"', "\u{E004}") .. '""'
  for outside, string in source:gmatch('([^"]*)("[^"]*")') do
    parts[#parts + 1] = outside:gsub("([%]%)%w]);", "%1 ;") .. string
  end
  return (table.concat(parts):sub(1, -3):gsub("\u{E003}", "\\\\"):gsub("\u{E004}", '\\"'))
end

-- What a formula is to those who hear it is written by who called pandoc: its TeX stands between two marks.
local SPOKEN = "\u{E007}"

local function with_words(source, kind, tex)
  local block = kind == "DisplayMath" and "block: true, " or ""
  local words = SPOKEN .. tex:gsub(SPOKEN, "") .. SPOKEN
  return "#math.equation(" .. block .. "alt: " .. words .. ", " .. source .. ".body);"
end

local function typst_source(math, source, tex)
  if source:sub(1, 1) ~= "$" then
    return pandoc.Code((math.text:gsub(RIGHT, ""):gsub(COMMA, "{,}"):gsub(NORM, "\\|")))
  end
  source = rows_kept(source):gsub("#h%(0em%)", "thick")
  source = source:gsub('mat%((delim: [^,]*, )' .. RIGHT .. " *", "mat(align: #right, %1")
  source = source:gsub(RIGHT .. " *", ""):gsub("(%a)%.circle", "%1.o")
  source = source:gsub('(%a*)(%(?)"(%a+)"', function(call, open, name)
    if call ~= "upright" then return call .. open .. 'op("' .. name .. '")' end
  end)
  source = source:gsub("%f[%a]sect%f[%A]", "inter"):gsub('delim: "||"', 'delim: "|"')
  source = with_words(with_ordinary_signs(source), math.mathtype, tex)
  return pandoc.RawInline("typst", source)
end

-- All formulas are written in one go: starting the writer costs more than a formula.
local function typst_formulas(document)
  local formulas, blocks, spoken = {}, {}, {}
  document:walk{Math = function(math)
    spoken[#spoken + 1] = math.text
    math.text = marked(math.text:gsub(BETWEEN, ""))
    formulas[#formulas + 1] = math
    blocks[#blocks + 1] = pandoc.Plain{math}
    blocks[#blocks + 1] = pandoc.RawBlock("typst", BETWEEN)
  end}
  local written = pandoc.write(pandoc.Pandoc(blocks), "typst", {wrap_text = "none"}):gmatch("%s*(.-)%s*" .. BETWEEN)
  local number = 0
  return document:walk{Math = function()
    number = number + 1
    return typst_source(formulas[number], written(), spoken[number])
  end}
end

-- TeX would run what it is given; only what pandoc understands as a formula is handed on as one, without
-- the few things that it skips unread.
local UNREAD = {"^^", "\\label", "\\tag", "\\hyperref"}

local function is_formula(math)
  for _, mark in ipairs(UNREAD) do
    if math.text:find(mark, 1, true) then return false end
  end
  local html = pandoc.write(pandoc.Pandoc{pandoc.Plain{math}}, "html", {html_math_method = "mathml"})
  return html:find("<math", 1, true) ~= nil
end

local function latex_math(math)
  if not is_formula(math) then return pandoc.Code(math.text) end
  -- Only the environment that stands by itself is broken over pages.
  local rows = math.text:match("^%s*\\begin{aligned}(.*)\\end{aligned}%s*$")
  if math.mathtype == "DisplayMath" and rows and not rows:find("{aligned}", 1, true) then
    return pandoc.RawInline("latex", "\\begin{align*}" .. rows .. "\\end{align*}")
  end
  return nil
end

-- MathML and Word get no space between a function and its argument ("ln a"), as TeX and Typst have it, and
-- would get one behind a decimal comma.
local FUNCTIONS = {ln = true, log = true, exp = true, max = true, min = true, sin = true, cos = true, tanh = true}

local function spaced_math(math)
  local text = math.text:gsub("{,}", "\\text{,}")
  math.text = text:gsub("\\(%a+)%s*()", function(name, after)
    local rest = text:sub(after)
    local opens = rest:match("^\\left") or rest:match("^\\[bB]ig")
    if FUNCTIONS[name] and rest:match("^[%w\\]") and not opens then return "\\" .. name .. "\\, " end
  end)
  return math
end

-- The sentence that introduces an equation or a section stays on its page.
local function is_display(block)
  local only = block and block.t == "Para" and #block.content == 1 and block.content[1]
  return only and only.t == "Math" and only.mathtype == "DisplayMath"
end

local function keep_with_next(document)
  if FORMAT ~= "typst" then return nil end
  local blocks = {}
  for number, block in ipairs(document.blocks) do
    local following = document.blocks[number + 1]
    local is_prose = block.t == "Para" and not is_display(block) and block.content[1].t ~= "Image"
    local leads = is_prose and following and (is_display(following) or following.t == "Header")
    if leads then blocks[#blocks + 1] = pandoc.RawBlock("typst", "#block(sticky: true)[") end
    blocks[#blocks + 1] = block
    if leads then blocks[#blocks + 1] = pandoc.RawBlock("typst", "]") end
  end
  document.blocks = blocks
  return document
end

-- Not every word processor knows the alignment marks of a derivation, and some need something before a sign:
-- its lines become the rows of a table of three columns.
local function docx_math(math)
  if not math.text:find("\\left(", 1, true) then math.text = math.text:gsub("(%b())%^", "{%1}^") end
  local body = math.text:match("^%s*\\begin{aligned}(.*)\\end{aligned}%s*$")
  if not body then return spaced_math(math) end
  local rows = {}
  for line in (body:gsub("\\\\%s*&", "\1&") .. "\1"):gmatch("(.-)\1") do
    local left, sign, right = line:match("^(.-)&(=?)(.*)$")
    if not left then return spaced_math(math) end
    sign = sign == "=" and "\\text{}=\\text{}" or "\\text{}"
    rows[#rows + 1] = (left:match("%S") and left or "\\text{}") .. " & " .. sign .. " & " .. right
  end
  math.text = "\\begin{array}{rcl} " .. table.concat(rows, " \\\\ ") .. " \\end{array}"
  return spaced_math(math)
end

local formulas = {latex = latex_math, html5 = spaced_math, docx = docx_math}

return {
  {
    RawInline = as_text,
    RawBlock = function(raw) return pandoc.Para{as_text(raw)} end,
    Link = harmless_link,
    Image = harmless_image,
    Code = harmless_code,
    CodeBlock = harmless_code,
  },
  {Pandoc = keep_with_next},
  {Para = paragraph, Table = boxed_table},
  FORMAT == "typst" and {Pandoc = typst_formulas} or {Math = formulas[FORMAT]},
}
