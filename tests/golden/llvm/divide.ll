; ModuleID = 'model'
source_filename = "model"


; Function Attrs: noinline nounwind
define internal fastcc range(i32 0, 2) i32 @div_3(ptr %0, ptr noalias nocapture readonly %1, ptr noalias nocapture %2, ptr noalias nocapture readonly %3, ptr noalias nocapture readonly %4) unnamed_addr #0 {
entry:
  %variable = load i64, ptr %1, align 8
  %5 = mul i64 %variable, 3
  %6 = getelementptr inbounds i8, ptr %0, i64 40
  %inject = load i32, ptr %6, align 4
  %7 = getelementptr inbounds i8, ptr %0, i64 44
  %inject_operand = load i32, ptr %7, align 4
  %8 = getelementptr inbounds i8, ptr %0, i64 48
  %inject_value = load double, ptr %8, align 8
  %9 = icmp eq i32 %inject, 0
  %10 = or i32 %inject_operand, %inject
  %11 = icmp eq i32 %10, 0
  %12 = fptrunc double %inject_value to float
  %13 = icmp eq i32 %inject_operand, 1
  %14 = and i1 %9, %13
  %15 = icmp eq i32 %inject_operand, 3
  %16 = and i1 %9, %15
  %17 = icmp sgt i64 %5, 0
  br i1 %17, label %body, label %common.ret

body:                                             ; preds = %entry, %body
  %i7 = phi i64 [ %32, %body ], [ 0, %entry ]
  %broken.06 = phi i32 [ %30, %body ], [ 0, %entry ]
  %18 = getelementptr inbounds float, ptr %3, i64 %i7
  %19 = load float, ptr %18, align 4
  %20 = getelementptr inbounds float, ptr %4, i64 %i7
  %21 = load float, ptr %20, align 4
  %22 = select i1 %11, float %12, float %19
  %23 = select i1 %14, float %12, float %21
  %24 = fdiv float %22, %23
  %25 = select i1 %16, float %12, float %24
  %26 = fcmp ueq float %23, 0.000000e+00
  %27 = tail call float @llvm.fabs.f32(float %25)
  %28 = fcmp ueq float %27, 0x7FF0000000000000
  %.not5 = or i1 %26, %28
  %29 = zext i1 %.not5 to i32
  %30 = or i32 %broken.06, %29
  %31 = getelementptr inbounds float, ptr %2, i64 %i7
  store float %24, ptr %31, align 4
  %32 = add nuw nsw i64 %i7, 1
  %exitcond.not = icmp eq i64 %32, %5
  br i1 %exitcond.not, label %done.loopexit, label %body

done.loopexit:                                    ; preds = %body
  %33 = icmp eq i32 %30, 0
  br i1 %33, label %common.ret, label %broken2, !prof !0

common.ret:                                       ; preds = %entry, %done.loopexit, %broken2
  %common.ret.op = phi i32 [ %34, %broken2 ], [ 0, %done.loopexit ], [ 0, %entry ]
  ret i32 %common.ret.op

broken2:                                          ; preds = %done.loopexit
  %34 = tail call fastcc i32 @div_3_trip(ptr %0, ptr nonnull %1, ptr %2, ptr %3, ptr %4)
  br label %common.ret
}

; Function Attrs: cold noinline nounwind optnone
define internal fastcc range(i32 0, 2) i32 @div_3_trip(ptr %0, ptr noalias nocapture readonly %1, ptr noalias nocapture %2, ptr noalias nocapture readonly %3, ptr noalias nocapture readonly %4) unnamed_addr #1 {
entry:
  %5 = getelementptr inbounds i64, ptr %1, i64 0
  %variable = load i64, ptr %5, align 8
  %6 = mul i64 3, %variable
  %7 = getelementptr inbounds i64, ptr %1, i64 0
  %variable1 = load i64, ptr %7, align 8
  %8 = mul i64 %variable1, 3
  %9 = mul i64 %variable1, 3
  %10 = mul i64 %variable1, 3
  %11 = getelementptr inbounds i8, ptr %0, i64 40
  %inject = load i32, ptr %11, align 4
  %12 = getelementptr inbounds i8, ptr %0, i64 44
  %inject_operand = load i32, ptr %12, align 4
  %13 = getelementptr inbounds i8, ptr %0, i64 48
  %inject_value = load double, ptr %13, align 8
  %14 = icmp eq i32 %inject, 0
  %15 = icmp eq i32 %inject_operand, 0
  %16 = and i1 %14, %15
  %17 = fptrunc double %inject_value to float
  %18 = icmp eq i32 %inject, 0
  %19 = icmp eq i32 %inject_operand, 1
  %20 = and i1 %18, %19
  %21 = fptrunc double %inject_value to float
  %22 = icmp eq i32 %inject, 0
  %23 = icmp eq i32 %inject_operand, 3
  %24 = and i1 %22, %23
  %25 = fptrunc double %inject_value to float
  br label %start

start:                                            ; preds = %entry
  br label %loop

loop:                                             ; preds = %held, %start
  %i = phi i64 [ 0, %start ], [ %44, %held ]
  %26 = icmp slt i64 %i, %6
  br i1 %26, label %body, label %done

body:                                             ; preds = %loop
  %27 = getelementptr inbounds float, ptr %3, i64 %i
  %28 = load float, ptr %27, align 4
  %29 = getelementptr inbounds float, ptr %4, i64 %i
  %30 = load float, ptr %29, align 4
  %31 = select i1 %16, float %17, float %28
  %32 = select i1 %20, float %21, float %30
  %33 = fdiv float %31, %32
  %34 = select i1 %24, float %25, float %33
  %35 = fcmp one float %32, 0.000000e+00
  %36 = call float @llvm.fabs.f32(float %34)
  %37 = fcmp olt float %36, 0x7FF0000000000000
  %38 = and i1 %35, %37
  %39 = fpext float %31 to double
  %40 = fpext float %32 to double
  %41 = fpext float %34 to double
  br i1 %38, label %held, label %broken, !prof !0

done:                                             ; preds = %loop
  ret i32 0

broken:                                           ; preds = %body
  %stop = call i32 @nna_rt_trip(ptr %0, i32 0, i64 %i, double %39, double %40, double 0.000000e+00, double %41, i32 2)
  %42 = icmp ne i32 %stop, 0
  br i1 %42, label %stop2, label %held

held:                                             ; preds = %broken, %body
  %43 = getelementptr inbounds float, ptr %2, i64 %i
  store float %33, ptr %43, align 4
  %44 = add nuw nsw i64 %i, 1
  br label %loop

stop2:                                            ; preds = %broken
  ret i32 1
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare float @llvm.fabs.f32(float) #2

; Function Attrs: cold nounwind
declare i32 @nna_rt_trip(ptr, i32, i64, double, double, double, double, i32) local_unnamed_addr #3

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite)
define internal range(i32 0, 2) i32 @shapes(ptr nocapture readonly %0, ptr nocapture writeonly %1) #4 {
entry:
  %variable = load i64, ptr %0, align 8
  %2 = icmp ugt i64 %variable, 1152921504606846975
  %3 = shl i64 %variable, 3
  %4 = tail call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %3, i64 3)
  %5 = extractvalue { i64, i1 } %4, 1
  %6 = or i1 %2, %5
  %7 = extractvalue { i64, i1 } %4, 0
  %8 = icmp sgt i64 %7, 9223372036854775744
  %9 = or i1 %6, %8
  store i64 %variable, ptr %1, align 8
  %10 = getelementptr inbounds i8, ptr %1, i64 8
  store i64 3, ptr %10, align 8
  %11 = getelementptr inbounds i8, ptr %1, i64 16
  store i64 %variable, ptr %11, align 8
  %12 = getelementptr inbounds i8, ptr %1, i64 24
  store i64 3, ptr %12, align 8
  %13 = getelementptr inbounds i8, ptr %1, i64 32
  store i64 %variable, ptr %13, align 8
  %14 = getelementptr inbounds i8, ptr %1, i64 40
  store i64 3, ptr %14, align 8
  %15 = zext i1 %9 to i32
  ret i32 %15
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare { i64, i1 } @llvm.smul.with.overflow.i64(i64, i64) #2

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: read)
define internal range(i64 -1, 1) i64 @workspace(ptr nocapture readonly %0) #5 {
entry:
  %variable = load i64, ptr %0, align 8
  %1 = icmp ugt i64 %variable, 1152921504606846975
  %2 = shl i64 %variable, 3
  %3 = tail call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %2, i64 3)
  %4 = extractvalue { i64, i1 } %3, 1
  %5 = or i1 %1, %4
  %6 = extractvalue { i64, i1 } %3, 0
  %7 = icmp sgt i64 %6, 9223372036854775744
  %8 = or i1 %5, %7
  %9 = sext i1 %8 to i64
  ret i64 %9
}

; Function Attrs: nounwind
define internal range(i32 0, 2) i32 @run(ptr %0) #6 {
entry:
  %1 = getelementptr inbounds i8, ptr %0, i64 8
  %variables = load ptr, ptr %1, align 8
  %2 = getelementptr inbounds i8, ptr %0, i64 16
  %inputs = load ptr, ptr %2, align 8
  %3 = getelementptr inbounds i8, ptr %0, i64 24
  %outputs = load ptr, ptr %3, align 8
  %4 = load ptr, ptr %outputs, align 8
  %5 = load ptr, ptr %inputs, align 8
  %6 = getelementptr inbounds i8, ptr %inputs, i64 8
  %7 = load ptr, ptr %6, align 8
  %8 = tail call fastcc i32 @div_3(ptr %0, ptr %variables, ptr %4, ptr %5, ptr %7)
  %9 = icmp eq i32 %8, 0
  br i1 %9, label %common.ret, label %stop, !prof !0

common.ret:                                       ; preds = %entry, %stop
  %common.ret.op = phi i32 [ 1, %stop ], [ 0, %entry ]
  ret i32 %common.ret.op

stop:                                             ; preds = %entry
  br label %common.ret
}

attributes #0 = { noinline nounwind }
attributes #1 = { cold noinline nounwind optnone }
attributes #2 = { mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #3 = { cold nounwind }
attributes #4 = { mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite) }
attributes #5 = { mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: read) }
attributes #6 = { nounwind }

!0 = !{!"branch_weights", i32 1048576, i32 1}
