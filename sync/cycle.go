package sync

import (
	"errors"
	"slices"
	"strings"
)

// ErrCycle says that an app depends on itself, by way of others.
var ErrCycle = errors.New("waits for itself")

// shownOfCycle is how many apps of a cycle are named.
const shownOfCycle = 10

// Cycles returns, for each of those that wait for themselves, how: "web → db → web". The key of waits is who waits, its
// value for whom; those that are no key are waited for by nobody here.
//
// A config file is asked with its entries, and a fleet again with the apps of folders, of which only a commit says which
// there are.
func Cycles(waits map[string][]string) map[string]string {
	found := map[string]string{}
	for name := range waits {
		if way := wayBack(name, waits); len(way) > shownOfCycle {
			found[name] = strings.Join(append(way[:shownOfCycle], "...", name), " → ")
		} else if way != nil {
			found[name] = strings.Join(append(way, name), " → ")
		}
	}
	return found
}

// wayBack returns the shortest way from one to itself, without its end; nil when there is none.
func wayBack(start string, waits map[string][]string) []string {
	from := map[string]string{}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		for _, name := range waits[queue[0]] {
			if _, seen := from[name]; seen {
				continue
			}
			from[name] = queue[0]
			if name == start {
				return retrace(start, from)
			}
			queue = append(queue, name)
		}
	}
	return nil
}

// retrace walks back from start to where it is reached from.
func retrace(start string, from map[string]string) []string {
	var way []string
	for at := from[start]; at != start; at = from[at] {
		way = append(way, at)
	}
	way = append(way, start)
	slices.Reverse(way)
	return way
}
