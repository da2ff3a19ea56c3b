package health

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
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

// mostListed is how many names a sentence lists.
const mostListed = 5

// listed names all of them, or the first few and how many more there are.
func listed(names []string) string {
	if len(names) <= mostListed+1 { // to count one takes as much room as its name
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:mostListed], ", "), len(names)-mostListed)
}
