package health

import (
	"cmp"
	"strconv"
)

// plural counts in words: 1 pod, 3 pods.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// compareNames puts web-2 before web-10, as a StatefulSet counts.
func compareNames(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
