package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// inOrder are the verbs as they are printed.
var inOrder = []string{"get", "list", "watch", "create", "update", "patch", "delete", "impersonate", "bind", "escalate"}

// objects are Roles and bindings, the same for the same rights.
func (r *rights) objects() []any {
	var all []any
	places := slices.SortedFunc(maps.Keys(r.verbs), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name(r.daemon), b.name(r.daemon)), cmp.Compare(a.subject.Namespace, b.subject.Namespace))
	})
	for _, at := range places {
		rules := append(rulesOf(r.verbs[at]), r.heldAt(at)...)
		subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: at.subject.Namespace, Name: at.subject.Name}}
		name := at.name(r.daemon)
		if at.namespace == "" {
			name = at.subject.Namespace + "-" + name // one cluster may have several installations
			of := metav1.ObjectMeta{Name: name}
			all = append(all,
				&rbacv1.ClusterRole{TypeMeta: typeOf("ClusterRole"), ObjectMeta: of, Rules: rules},
				&rbacv1.ClusterRoleBinding{TypeMeta: typeOf("ClusterRoleBinding"), ObjectMeta: of, RoleRef: refTo("ClusterRole", name), Subjects: subjects})
			continue
		}
		of := metav1.ObjectMeta{Namespace: at.namespace, Name: name}
		all = append(all,
			&rbacv1.Role{TypeMeta: typeOf("Role"), ObjectMeta: of, Rules: rules},
			&rbacv1.RoleBinding{TypeMeta: typeOf("RoleBinding"), ObjectMeta: of, RoleRef: refTo("Role", name), Subjects: subjects})
	}
	return all
}

// brings are the namespaces that the manifests bring and that rights are printed for: a Role cannot come before its namespace, and
// without it no pass can come to bring that.
func (r *rights) brings() []string {
	var names []string
	for at := range r.verbs {
		if r.spaces[at.namespace] && !slices.Contains(names, at.namespace) {
			names = append(names, at.namespace)
		}
	}
	slices.Sort(names)
	return names
}

// name is that of the Role, which says whose it is.
func (p place) name(daemon types.NamespacedName) string {
	switch {
	case p.records:
		return daemon.Name + "-state"
	case p.subject != daemon && p.namespace != "" && p.namespace != p.subject.Namespace: // accounts of one name may meet there
		return daemon.Name + "-apps-" + p.subject.Namespace + ":" + p.subject.Name
	case p.subject != daemon:
		return daemon.Name + "-apps-" + p.subject.Name
	}
	return daemon.Name + "-apps"
}

func typeOf(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

func refTo(kind, name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
}

// rulesOf writes rights as rules, those of one group with the same verbs together.
func rulesOf(verbs map[right]map[string]bool) []rbacv1.PolicyRule {
	whats := slices.SortedFunc(maps.Keys(verbs), func(a, b right) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.name, b.name))
	})
	var rules []rbacv1.PolicyRule
	for _, what := range whats {
		rule := rbacv1.PolicyRule{APIGroups: []string{what.Group}, Resources: []string{what.Resource}, Verbs: ordered(verbs[what])}
		if what.name != "" {
			rule.ResourceNames = []string{what.name}
		}
		rules = merge(rules, rule)
	}
	return rules
}

func ordered(set map[string]bool) (verbs []string) {
	for _, verb := range inOrder {
		if set[verb] {
			verbs = append(verbs, verb)
		}
	}
	return verbs
}

// merge adds a rule to the one before that says the same of another resource, or of another object of the same.
func merge(rules []rbacv1.PolicyRule, rule rbacv1.PolicyRule) []rbacv1.PolicyRule {
	for i := range rules {
		same := slices.Equal(rules[i].APIGroups, rule.APIGroups) && slices.Equal(rules[i].Verbs, rule.Verbs)
		switch {
		case !same:
		case len(rules[i].ResourceNames) == 0 && len(rule.ResourceNames) == 0:
			rules[i].Resources = append(rules[i].Resources, rule.Resources...)
			return rules
		case len(rules[i].ResourceNames) > 0 && len(rule.ResourceNames) > 0 && slices.Equal(rules[i].Resources, rule.Resources):
			rules[i].ResourceNames = append(rules[i].ResourceNames, rule.ResourceNames...)
			return rules
		}
	}
	return append(rules, rule)
}

// printRoles writes objects as kubectl takes them.
func printRoles(out io.Writer, format string, objects []any) error {
	if format == outputJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	}
	var documents []string
	for _, object := range objects {
		text, err := yaml.Marshal(object)
		if err != nil {
			return fmt.Errorf("write roles: %w", err)
		}
		documents = append(documents, strings.ReplaceAll(string(text), "  creationTimestamp: null\n", ""))
	}
	_, err := fmt.Fprint(out, strings.Join(documents, "---\n"))
	return err
}
