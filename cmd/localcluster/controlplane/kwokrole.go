package controlplane

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// grantKwok gives kwok the rights of a kubelet for all nodes. The other components' roles come with the API server.
func grantKwok(ctx context.Context, c kubernetes.Interface) error {
	name := metav1.ObjectMeta{Name: userKwok}
	role := &rbacv1.ClusterRole{ObjectMeta: name, Rules: []rbacv1.PolicyRule{
		allow([]string{"nodes", "pods"}, "", "get", "list", "watch"),
		allow([]string{"pods"}, "", "delete", "patch", "update"),
		allow([]string{"nodes/status", "pods/status"}, "", "patch", "update"),
		allow([]string{"events"}, "", "create", "patch", "update"),
		allow([]string{"leases"}, "coordination.k8s.io", "create", "get", "list", "patch", "update", "watch"),
	}}
	if _, err := c.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create kwok's role: %w", err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: name,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: userKwok},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: userKwok}},
	}
	if _, err := c.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("bind kwok's role: %w", err)
	}
	return nil
}

func allow(resources []string, group string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}
