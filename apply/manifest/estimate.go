package manifest

import (
	"bytes"
	"regexp"
)

// estimate returns a number that the nodes of a YAML document do not exceed, without parsing it: a node costs the parser
// about 200 bytes, so that 1 MiB of "[a,a,a," would take 100 MiB before its tree could be counted.
//
// Each node is introduced by one of few characters, and all of these are counted, in texts and comments too. Only where
// that is too many are block scalars left out: a dashboard's JSON in a ConfigMap is full of such characters and is one node.
func estimate(text []byte) int {
	if n := introducers(text); n <= MaxNodes {
		return n
	}
	return outsideBlocks(text)
}

// outsideBlocks is introducers without the lines of those block scalars that are sure to be ones.
func outsideBlocks(text []byte) int {
	n := 1
	for at, skip := 0, noSkip; at < len(text); {
		end := lineEnd(text, at)
		line := bytes.TrimRight(text[at:end], "\r\n")
		at = end
		if skip >= 0 && (len(line) == 0 || indent(line) > skip) {
			continue
		}
		n += introducers(line)
		skip = blockScalar(line, skip)
	}
	return n
}

const (
	noSkip  = -1 // no block scalar is open
	unknown = -2 // a quoted text may be open, in which a line means nothing: skip no more
)

// introducers is Introducers and the document itself.
func introducers(text []byte) int { return 1 + Introducers(text) }

// Introducers counts what introduces keys and values in YAML, each with as many nodes as it can introduce: most can stand for a
// key and its value. A text has no more nodes than that, and its first.
func Introducers(text []byte) int {
	n := 0
	for i, c := range text {
		switch c {
		case ':', ',', '?', '{':
			n += 2
		case '[':
			n++
		case '-':
			if i+1 == len(text) || text[i+1] <= ' ' {
				n++
			}
		}
	}
	return n
}

// introducersJSON is introducers for JSON, where it is exact.
func introducersJSON(text []byte) int {
	n, quoted := 1, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && (c == ':' || c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}

const (
	word   = `[A-Za-z0-9_./-]+`
	quoted = `(?:"[^"\\]*"|'[^']*')`
	item   = `(?:` + word + `: +)?(?:` + quoted + `|` + word + `)`
	start  = `^( *(?:- +)*)`
)

// Each matches a whole line and takes no more than what is sure: what is not sure is counted.
var (
	blockHeader  = regexp.MustCompile(start + word + `: +[|>][-+0-9]{0,2} *$`)
	closedQuotes = regexp.MustCompile(start + `(?:` + word + `: +)?` +
		`(?:` + quoted + `|[\[{] *(?:` + item + `(?: *, *` + item + `)*)? *[\]}]) *$`)
)

// blockScalar returns the column that the lines of a block scalar exceed, when line begins one.
func blockScalar(line []byte, before int) int {
	if before == unknown {
		return unknown
	}
	if found := blockHeader.FindSubmatch(line); found != nil {
		return len(found[1])
	}
	if bytes.ContainsAny(line, `"'`) && !closedQuotes.Match(line) {
		return unknown
	}
	return noSkip
}

func indent(line []byte) int {
	return len(line) - len(bytes.TrimLeft(line, " "))
}
