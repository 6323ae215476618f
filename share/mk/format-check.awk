# Reads one source file; prints file:line: what; exits 1 when there was any.

function complain(what)
{
	printf("%s:%d: %s\n", FILENAME, FNR, what)
	bad = 1
}

# Columns that s takes, with tabs to every eighth; a UTF-8 character is one.
function width(s,	i, n, c)
{
	n = 0
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "\t")
			n += 8 - n % 8
		else if (c < "\200" || c > "\277")
			n++
	}
	return n
}

# s without strings, characters and comments; comment: still inside one
function code(s,	out, c, two, quote)
{
	out = ""
	quote = ""
	while (s != "") {
		c = substr(s, 1, 1)
		two = substr(s, 1, 2)
		if (comment) {
			if (two == "*/") {
				comment = 0
				s = substr(s, 3)
			} else
				s = substr(s, 2)
			continue
		}
		if (quote != "") {
			if (c == "\\") {
				s = substr(s, 3)
				continue
			}
			if (c == quote)
				quote = ""
			s = substr(s, 2)
			continue
		}
		if (two == "/*") {
			comment = 1
			s = substr(s, 3)
			continue
		}
		if (two == "//") {
			complain("// comment")
			return out
		}
		if (c == "\"" || c == "'")
			quote = c
		out = out c
		s = substr(s, 2)
	}
	return out
}

FNR == 1 {
	isc = FILENAME ~ /\.[chy]$/
	head = ""
	comment = 0
}

/[ \t]$/ { complain("white space at end of line") }

width($0) > 80 { complain("more than 80 columns") }

# Tabs indent; up to seven spaces may follow them: four for a continuation,
# one before the star of a comment.
/^\t*        / { complain("spaces where a tab belongs") }
/^\t* +\t/ && isc { complain("a tab after spaces") }

isc {
	wasin = comment
	c = code($0)
	# A function whose body begins: its name must begin its line.
	if (!wasin && c ~ /^\{/ && head ~ /^[a-z].*[ *][a-z_0-9]+\(/ &&
	    head !~ /[=]|__attribute__/) {
		printf("%s:%d: return type and name on one line\n", FILENAME,
		    headline)
		bad = 1
	}
	# The line at the margin that a "{" at the margin belongs to.
	if (!wasin && c ~ /^[A-Za-z_]/) {
		head = c
		headline = FNR
	} else if (!wasin && c ~ /^[{}#%]/)
		head = ""
}

END { exit(bad) }
