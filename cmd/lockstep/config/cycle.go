package config

import (
	"slices"
	"strings"
)

// shownOfCycle is how many apps of a cycle are named.
const shownOfCycle = 10

// Cycles returns, for each of the apps that waits for itself, how: "web → db → web". It is asked again with the apps of
// folders, of which a file does not say which there are. Names that none of the apps has are waited for by nobody here.
func Cycles(apps []App) map[string]string {
	places := map[string]int{}
	for i, app := range apps {
		places[app.Name] = i
	}
	waits := make([][]int, len(apps))
	for i, app := range apps {
		for _, name := range app.DependsOn {
			if place, ok := places[name]; ok {
				waits[i] = append(waits[i], place)
			}
		}
	}
	cycles := map[string]string{}
	for i, app := range apps {
		if way := wayBack(i, waits); way != nil {
			cycles[app.Name] = draw(way, func(place int) string { return apps[place].Name })
		}
	}
	return cycles
}

// wayBack returns the shortest way from a place back to it, both ends included; nil when there is none.
func wayBack(start int, next [][]int) []int {
	from := map[int]int{}
	for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, to := range next[at] {
			if _, seen := from[to]; seen {
				continue
			}
			from[to] = at
			if to == start {
				return retrace(start, from)
			}
			queue = append(queue, to)
		}
	}
	return nil
}

// retrace walks back from start to where it is reached from.
func retrace(start int, from map[int]int) []int {
	way := []int{start}
	for at := from[start]; at != start; at = from[at] {
		way = append(way, at)
	}
	way = append(way, start)
	slices.Reverse(way)
	return way
}

// draw writes a way out, a long one without its middle.
func draw(way []int, name func(int) string) string {
	var names []string
	for i, place := range way {
		switch {
		case i < shownOfCycle || i == len(way)-1:
			names = append(names, name(place))
		case i == shownOfCycle:
			names = append(names, "...")
		}
	}
	return strings.Join(names, " → ")
}
