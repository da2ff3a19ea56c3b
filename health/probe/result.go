package probe

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Result is what a round of requests came to. It holds no time, so that two rounds that went alike are equal.
type Result struct {
	URL      string   `json:"url"`
	Asked    int      `json:"asked"`    // through the Service
	Answered int      `json:"answered"` // with a status of 2xx or 3xx
	Pods     []Pod    `json:"pods"`     // those that the Service routes to, by name
	Failures []string `json:"failures"` // what went wrong, a phrase each; empty when it serves
}

// Pod is one pod behind the Service.
type Pod struct {
	Name    string `json:"name"`
	Answers int    `json:"answers"` // those through the Service that name it
	Alone   bool   `json:"alone"`   // it answered when it was asked itself
}

// OK tells that the Service serves from all of its pods.
func (r Result) OK() bool { return len(r.Failures) == 0 }

// String says it as a person would: 10 of 10 requests answered: web-abc 4, web-def 3, web-ghi 3.
func (r Result) String() string {
	said := fmt.Sprintf("%d of %s answered", r.Answered, plural(r.Asked, "request"))
	if !r.OK() {
		return said + "; " + strings.Join(r.Failures, "; ")
	}
	var shares []string
	for _, p := range r.Pods {
		if p.Answers > 0 {
			shares = append(shares, fmt.Sprintf("%s %d", p.Name, p.Answers))
		}
	}
	switch {
	case len(shares) > 0:
		return said + ": " + strings.Join(shares, ", ")
	case len(r.Pods) == 1:
		return said + ", by " + r.Pods[0].Name
	}
	return said + fmt.Sprintf(", and each of %s when asked alone", plural(len(r.Pods), "pod"))
}

// Silent are the pods that a failure is about: those that did not answer alone, or else those that never answered through
// the Service where others did.
func (r Result) Silent() []string {
	var alone, through []string
	for _, p := range r.Pods {
		if !p.Alone {
			alone = append(alone, p.Name)
		}
		if p.Answers == 0 {
			through = append(through, p.Name)
		}
	}
	if len(alone) == 0 && len(through) < len(r.Pods) && !r.OK() {
		return through
	}
	return alone
}

// tally counts what went wrong, by its words.
type tally map[string]int

// phrases lists the failures, the most frequent first.
func (t tally) phrases() []string {
	words := slices.SortedFunc(maps.Keys(t), func(a, b string) int {
		return cmp.Or(cmp.Compare(t[b], t[a]), cmp.Compare(a, b))
	})
	for i, w := range words {
		words[i] = strconv.Itoa(t[w]) + " × " + w
	}
	return words
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
