package manifest

import (
	"bytes"
	"regexp"
)

const templateLeft = "a template expression {{ }} was left in; render it before the commit"

var byteOrderMark = []byte("\xef\xbb\xbf")

var conflictMarkers = [][]byte{[]byte("<<<<<<<"), []byte("|||||||"), []byte(">>>>>>>")}

// helm matches what only Helm gives a meaning to. Other {{ }} in a text may be meant: alerts and workflows have them.
var helm = regexp.MustCompile(`\{\{-? *(\.(Values|Release|Chart|Capabilities|Template|Files)\b|include |template |toYaml )`)

// structural matches {{ }} where YAML's own syntax is expected: as a whole line, or as a value without quotes.
var structural = regexp.MustCompile(`^\s*(- +)*([^\s"'#:]+: +)?\{\{`)

// junk finds what is no manifest whatever a parser makes of it, and returns its line, 1-based, or 0.
func junk(text []byte) (line int, message string) {
	for at, n := 0, 1; at < len(text); n++ {
		end := lineEnd(text, at)
		if bytes.HasPrefix(text[at:end], byteOrderMark) {
			return n, "a byte order mark in the middle of the file; remove it"
		}
		for _, marker := range conflictMarkers {
			rest, ok := bytes.CutPrefix(text[at:end], marker)
			if ok && (len(rest) == 0 || rest[0] <= ' ') {
				return n, "a merge conflict was left in; resolve it and commit again"
			}
		}
		at = end
	}
	return 0, ""
}

// firstTemplate returns the first line with {{ }} in place of YAML, 1-based, or 0.
func firstTemplate(text []byte) int {
	return firstLine(text, structural.Match)
}

// firstTab returns the line, at the given one or just before it, that is indented by a tab; or 0.
func firstTab(text []byte, near int) int {
	n := 0
	return firstLine(text, func(line []byte) bool {
		n++
		blank := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		return n >= near-1 && n <= near+1 && bytes.IndexByte(blank, '\t') >= 0
	})
}

func firstLine(text []byte, match func(line []byte) bool) int {
	for at, n := 0, 1; at < len(text); n++ {
		end := lineEnd(text, at)
		if match(text[at:end]) {
			return n
		}
		at = end
	}
	return 0
}
