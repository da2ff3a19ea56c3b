package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Problem is something that is wrong with the file, and where. As the error of [Parse] it is about the whole file.
type Problem struct {
	File    string // as it was given to Parse
	Line    int    // 1-based; 0 when it is about no single one
	Entry   string // repository "x" or app "x", app 3 where it has no name; empty when it is about the whole file
	Message string // what is wrong, in lower case
}

// Error returns file:line: entry: message, without the parts that are not known.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Entry != "" {
		b.WriteString(p.Entry + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

func sortProblems(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return problems[:min(len(problems), MaxProblems)]
}

// harmless matches what may be quoted: names, numbers, paths and patterns. What a URL with a password looks like is not.
var harmless = regexp.MustCompile(`^[A-Za-z0-9._/*?{}\[\]$ -]{1,100}$`)

// quoted returns text in quotes and with a space before it, or nothing when it may not be shown.
func quoted(text string) string {
	if !harmless.MatchString(text) {
		return ""
	}
	return " " + strconv.Quote(text)
}
