package health

import (
	"cmp"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// backend is a Service that an Ingress or a route leads to.
type backend struct {
	from    string // what leads there: "path /api of shop.example.com"
	service string
	name    string // of its port, empty when it is asked for by number
	number  int
}

// port is the port as the object asks for it.
func (b backend) port() string {
	if b.name != "" {
		return strconv.Quote(b.name)
	}
	return strconv.Itoa(b.number)
}

// backendsOf reads the Services that o leads to, all in its own namespace; none when it leads nowhere. Resources that are
// no Services (a bucket behind an Ingress) and Services of other namespaces are their controllers' to judge.
func backendsOf(o *unstructured.Unstructured) []backend {
	gk := o.GroupVersionKind().GroupKind()
	switch {
	case gk == gkIngress:
		return ingressBackends(o)
	case gk.Group == "gateway.networking.k8s.io":
		return routeBackends(o)
	}
	return nil
}

// ingressBackends reads the default backend and those of all paths.
func ingressBackends(o *unstructured.Unstructured) []backend {
	var all []backend
	add := func(from string, fields map[string]any) {
		service := mapAt(fields, "service")
		name, _ := service["name"].(string)
		if name == "" {
			return
		}
		port := mapAt(service, "port")
		b := backend{from: from, service: name, number: whole(port["number"])}
		b.name, _ = port["name"].(string)
		all = append(all, b)
	}
	add("the default backend", mapAt(mapAt(o.Object, "spec"), "defaultBackend"))
	for _, rule := range mapsAt(mapAt(o.Object, "spec"), "rules") {
		host, _ := rule["host"].(string)
		for _, path := range mapsAt(mapAt(rule, "http"), "paths") {
			at, _ := path["path"].(string)
			from := "path " + cmp.Or(at, "/")
			if host != "" {
				from += " of " + host
			}
			add(from, mapAt(path, "backend"))
		}
	}
	return all
}

// routeBackends reads the backendRefs of a route of the Gateway API: HTTPRoute, GRPCRoute and those of lower layers.
func routeBackends(o *unstructured.Unstructured) []backend {
	var all []backend
	for i, rule := range mapsAt(mapAt(o.Object, "spec"), "rules") {
		for _, ref := range mapsAt(rule, "backendRefs") {
			read := func(field, fallback string) string {
				s, _ := ref[field].(string)
				return cmp.Or(s, fallback)
			}
			if read("group", "") != "" || read("kind", gkService.Kind) != gkService.Kind ||
				read("namespace", o.GetNamespace()) != o.GetNamespace() || read("name", "") == "" {
				continue
			}
			all = append(all, backend{from: fmt.Sprintf("rule %d", i+1), service: read("name", ""), number: whole(ref["port"])})
		}
	}
	return all
}

// mapAt reads a map of fields; what is none is an empty one.
func mapAt(fields map[string]any, name string) map[string]any {
	m, _ := fields[name].(map[string]any)
	return m
}

// mapsAt reads the maps of a list.
func mapsAt(fields map[string]any, name string) []map[string]any {
	list, _ := fields[name].([]any)
	var all []map[string]any
	for _, entry := range list {
		if m, ok := entry.(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}
